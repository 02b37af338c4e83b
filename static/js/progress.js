/* A progress bar that follows a job: <div data-module="progress" data-job="address">.
 * The address answers {"state", "progress" (0–1)}; without one the bar stays as it is. */
const EVERY = 2000;

export default function progress(holder) {
  const { job } = holder.dataset;
  if (!job) return;
  const bar = holder.querySelector("progress");
  const look = async () => {
    const answer = await fetch(job, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { state, progress: done } = await answer.json();
    if (typeof done === "number") bar.value = done * bar.max;
    if (state === "queued" || state === "running") setTimeout(look, EVERY);
    else location.reload();
  };
  setTimeout(look, EVERY);
}
