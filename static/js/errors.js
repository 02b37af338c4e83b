/* A form came back with errors: the summary takes the focus, so that it is read first. */
export default function errors(summary) {
  summary.focus();
}
