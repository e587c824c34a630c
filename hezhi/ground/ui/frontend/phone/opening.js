// A case of one's own, opened with the code that the phone still holds: by POST, never in an address.
import { make } from "./dom.js";
import { whoIsHere } from "./sending.js";
import { say } from "./words.js";

async function open(event) {
  event.preventDefault();
  const form = event.currentTarget;
  if (!navigator.onLine) return window.alert(say`现在没有网络，请联网后再看。`);
  const here = await whoIsHere().catch(() => null); // a page kept in the phone carries an old token
  if (here) form.elements.csrfmiddlewaretoken.value = here.csrf;
  form.submit();
}

/** What leads to the case: a form where there is a code and a page that asks for it, else a link or just the words. */
export function caseLink(item, words, look) {
  const { follow } = document.body.dataset;
  if (!item.url) return make("b", {}, words);
  if (!item.code || !follow) return make("a", { href: item.url, class: look }, words);
  const sent = { number: item.number, code: item.code, csrfmiddlewaretoken: "" };
  const hidden = Object.entries(sent).map(([name, value]) => make("input", { type: "hidden", name, value }));
  const form = make("form", { method: "post", action: follow, class: "case-link" }, ...hidden, make("button", { type: "submit", class: look }, words));
  form.addEventListener("submit", open);
  return form;
}
