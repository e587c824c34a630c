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

export function startMenus() {
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
