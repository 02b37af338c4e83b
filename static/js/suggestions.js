/* A search box that completes the word being typed, as an ARIA combobox.
 *
 * The list is a help and never in the way: the arrow keys enter it, Enter takes the
 * chosen line and searches, Escape puts it away, Tab goes on. What is typed stays
 * what is searched for until a line is chosen. */
const WAIT = 150;
const SHORTEST = 2;

export default function suggestions(box) {
  const input = box.querySelector("input");
  const list = box.querySelector("[role=listbox]");
  const status = box.querySelector("[role=status]");
  let timer = 0;
  let asked = null;
  let chosen = -1;

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");

  function close() {
    clearTimeout(timer);
    asked?.abort();
    list.hidden = true;
    list.replaceChildren();
    chosen = -1;
    status.textContent = "";
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(number) {
    const options = list.children;
    options[chosen]?.setAttribute("aria-selected", "false");
    chosen = number;
    const option = options[chosen];
    if (!option) {
      input.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  }

  function take(option) {
    input.value = option.textContent;
    close();
    input.form.requestSubmit();
  }

  function show(texts) {
    const options = texts.map((text, number) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${number}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dir = "auto";
      option.textContent = text;
      return option;
    });
    list.replaceChildren(...options);
    list.hidden = false;
    chosen = -1;
    input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-expanded", "true");
    status.textContent = box.dataset.said.replace("#", String(texts.length));
  }

  async function ask() {
    const typed = input.value;
    if (typed.trim().length < SHORTEST) {
      close();
      return;
    }
    asked?.abort();
    asked = new AbortController();
    const address = `${box.dataset.source}?q=${encodeURIComponent(typed)}`;
    try {
      const answer = await fetch(address, { signal: asked.signal });
      const found = answer.ok ? (await answer.json()).suggestions : [];
      const others = found.filter((text) => text !== typed);
      if (input.value !== typed || document.activeElement !== input) return;
      if (others.length) show(others);
      else close();
    } catch (error) {
      // A newer letter put the question aside, or the network is away: typing goes on.
      if (error.name !== "AbortError") close();
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });

  input.addEventListener("keydown", (event) => {
    if (event.isComposing || list.hidden) return;
    const count = list.children.length;
    if (event.key === "ArrowDown") choose(chosen + 1 < count ? chosen + 1 : 0);
    else if (event.key === "ArrowUp") choose(chosen > 0 ? chosen - 1 : count - 1);
    else if (event.key === "Enter" && chosen >= 0) take(list.children[chosen]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // Before the box loses the focus, or the list would be gone under the pointer.
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });

  input.addEventListener("blur", close);
}
