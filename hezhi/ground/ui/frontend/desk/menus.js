// Menus that close by themselves, and the side menu of a narrow window.
import { on } from "./dom.js";

function closeMenus(except = null) {
  document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
    if (menu !== except) menu.open = false;
  });
}

function side(open) {
  document.getElementById("side")?.classList.toggle("is-open", open);
  document.querySelector("[data-menu-toggle]")?.setAttribute("aria-expanded", String(open));
}

// What a person opened or closed stays so for as long as the window is used.
function keepGroups() {
  const groups = [...document.querySelectorAll("details[data-side]")];
  groups.forEach((group) => {
    const key = `side:${group.dataset.side}`;
    const kept = sessionStorage.getItem(key);
    if (kept && !group.querySelector(".is-active")) group.open = kept === "open";
    group.querySelector("summary").addEventListener("click", () => sessionStorage.setItem(key, group.open ? "closed" : "open"));
  });
}

export function startMenus() {
  keepGroups();
  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest?.("details[data-menu]"));
    if (!event.target.closest?.("#side, [data-menu-toggle]")) side(false);
  });
  on("click", "[data-menu-toggle]", () => side(!document.getElementById("side")?.classList.contains("is-open")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details[data-menu][open]");
    closeMenus();
    open?.querySelector("summary")?.focus();
    side(false);
  });
  document.querySelector(".side-item.is-active")?.scrollIntoView({ block: "nearest" });
}
