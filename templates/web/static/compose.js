// Arranging an issue by drag, and by Alt and an arrow key on a story. Both end
// in a press on a button that stands on the page for everybody: without this
// file the buttons do the same.
"use strict";
(() => {
  const rowOf = (element) => element.closest?.("#draft .arrange > li");
  let dragged, from;

  const prepare = () => {
    for (const li of document.querySelectorAll("#draft .arrange > li")) li.draggable = true;
    const hint = document.querySelector("#drag-hint");
    if (hint) hint.hidden = false;
  };
  const order = () => [...document.querySelectorAll("#draft [name=line]")].map((line) => line.value).join("\n");

  document.addEventListener("dragstart", (event) => {
    dragged = rowOf(event.target);
    if (!dragged) return;
    from = order();
    dragged.classList.add("dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.innerText.trim());
  });
  document.addEventListener("dragover", (event) => {
    const list = event.target.closest?.("#draft .arrange");
    if (!dragged || !list) return;
    event.preventDefault();
    const over = rowOf(event.target);
    if (over === dragged) return;
    if (!over) { list.append(dragged); return; }
    const box = over.getBoundingClientRect();
    over[event.clientY < box.top + box.height / 2 ? "before" : "after"](dragged);
  });
  document.addEventListener("drop", (event) => { if (dragged) event.preventDefault(); });
  document.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove("dragged");
    const moved = order() !== from;
    dragged = undefined;
    if (moved) document.querySelector("#draft [value=save]").click();
  });

  document.addEventListener("keydown", (event) => {
    const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    const row = rowOf(event.target);
    if (!event.altKey || !way || !row) return;
    event.preventDefault();
    const button = row.querySelector(`[name=move][value^="${way}:"]`);
    button.focus();
    button.click();
  });

  document.addEventListener("htmx:load", prepare);
  prepare();
})();
