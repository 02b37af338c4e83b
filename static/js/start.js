/* Starts each behaviour a page asks for: <div data-module="name"> takes it from
 * ./frame.js, or loads ./name.js and calls its default export with the element. Nothing
 * here is needed to read, search, apply, consent, label or sign out. */
import { behaviours } from "./frame.js";
import { listen } from "./shortcuts.js";

async function start(element) {
  for (const name of element.dataset.module.split(" ")) {
    if (!/^[a-z-]+$/.test(name)) continue;
    const behaviour = behaviours[name] ?? (await import(`./${name}.js`)).default;
    behaviour(element);
  }
}

listen();
for (const element of document.querySelectorAll("[data-module]")) start(element);
