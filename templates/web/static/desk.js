// The keyboard of the desk. Every key stands in the page's help (data-key,
// data-do): what is not listed there does nothing, and what a key does is a
// press on a link or button that is on the page for everybody. Without this
// file all of them still work by hand.
"use strict";
(() => {
  const all = (query) => [...document.querySelectorAll(query)];
  const one = (query) => document.querySelector(query);
  const rows = () => all(".queue > li[data-story]");
  const here = () => document.activeElement?.closest(".queue > li");
  const row = () => { const li = here(); return li?.dataset.story ? li : rows()[0]; };
  const focusRow = (li) => li?.querySelector("a")?.focus();
  const press = (element) => { if (element) { element.click(); return true; } return false; };

  // step moves n rows from the one in focus, decided ones among them.
  const step = (n) => {
    const list = all(".queue > li");
    const at = list.indexOf(here());
    focusRow(list[at < 0 ? (n > 0 ? 0 : list.length - 1) : Math.min(Math.max(at + n, 0), list.length - 1)]);
  };
  const openAt = (fragment) => {
    const link = row()?.querySelector(".row-head a");
    if (link) location.assign(link.href + fragment);
  };
  const show = (query) => {
    const target = one(query);
    if (!target) return false;
    if (target.tagName === "DETAILS") target.open = true;
    (target.querySelector("input:not([type=hidden]), textarea") ?? target.querySelector("button") ?? target).focus();
    target.scrollIntoView({ block: "center" });
    return true;
  };

  const actions = {
    next: () => step(1),
    previous: () => step(-1),
    open: () => openAt(""),
    approve: () => press(one("#editor [value=approve]")) || press(row()?.querySelector("[name=approve]")),
    later: () => press(one("#editor [value=later]")) || press(row()?.querySelector("[name=later]")),
    reject: () => askReason(one("#editor") ? null : row()),
    topics: () => show("#topics") || openAt("#topics"),
    comment: () => show("#commentary") || openAt("#commentary"),
    translate: () => show("#other"),
    quote: () => quote(String(getSelection())),
    select: () => press(row()?.querySelector("input[type=checkbox]")),
    merge: () => press(one("#bulk [value=merge]")),
    undo: () => press(here()?.querySelector("[name=undo]")) || press(all(".queue .done [name=undo]").pop()) || press(one("#undo button")),
    search: () => one("#search")?.focus(),
    help: () => one("#help")?.showModal(),
  };

  // quote puts words into the quotations of the story.
  const quote = (words) => {
    const field = one("#quotes");
    if (!field || !words.trim()) return;
    field.value = [field.value.trim(), words.trim()].filter(Boolean).join("\n\n");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    show("#quotes");
  };

  // askReason opens the reasons for one row of the queue, or for the story
  // whose page this is (null).
  let asking;
  const askReason = (li) => {
    if (li === undefined || (li === null && !one("#editor [value=reject]"))) return;
    asking = li;
    one("#why-not")?.showModal();
  };
  const reject = (reason) => {
    one("#why-not").close();
    if (!reason) return;
    if (asking === null) {
      one("#own").value = reason;
      press(one("#editor [value=reject]"));
      return;
    }
    const id = asking.dataset.story;
    htmx.ajax("POST", "/desk", { target: asking, swap: "outerHTML", source: asking.querySelector("[name=approve]"), values: { reject: id, reason } });
  };

  const keyOf = (name) => one(`[data-key="${CSS.escape(name)}"]`)?.dataset.do;
  const typing = (element) => element?.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  const off = () => localStorage.getItem("keys") === "off";

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const dialog = one("dialog[open]");
    if (dialog?.id === "why-not" && !typing(event.target) && /^[1-9]$/.test(event.key)) {
      event.preventDefault();
      press(dialog.querySelectorAll("[data-reason]")[event.key - 1]);
      return;
    }
    if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
    if (dialog || typing(event.target) || off()) return;
    const act = actions[keyOf(event.key)];
    if (!act) return;
    event.preventDefault();
    act();
  });

  document.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-reason]");
    if (chosen) { reject(chosen.dataset.reason); return; }
    const spoken = event.target.closest("[data-quote]");
    if (spoken) { quote(spoken.dataset.quote); return; }
    if (event.target.closest("[data-close]")) { event.target.closest("dialog").close(); return; }
    if (event.target.closest("#keys-off")) { localStorage.setItem("keys", off() ? "on" : "off"); showOff(); return; }
    const act = event.target.closest("[data-do]:not([data-key])");
    if (!act) return;
    event.preventDefault();
    if (act.dataset.do === "reject") askReason(act.closest("li[data-story]"));
    else actions[act.dataset.do]();
  });
  one("#why-not form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    reject(one("#why-not-own").value.trim());
    one("#why-not-own").value = "";
  });

  const showOff = () => {
    const button = one("#keys-off");
    if (!button) return;
    button.setAttribute("aria-pressed", String(off()));
    button.textContent = off() ? "Turn the keys on" : "Turn the keys off";
  };
  showOff();

  // A decided row gives way to the next one; one that came back has the focus.
  document.addEventListener("htmx:load", (event) => {
    const li = event.detail.elt;
    if (!li.matches?.(".queue > li")) return;
    if (!rows().length) { location.assign(one("#queue [name=back]").value); return; }
    const list = all(".queue > li");
    const after = list.slice(list.indexOf(li) + 1).find((other) => other.dataset.story);
    focusRow(li.dataset.story ? li : after ?? rows().pop() ?? li);
  });
  // Going to a fragment takes the focus away once the page is there: only
  // after that can it be given.
  addEventListener("load", () => setTimeout(() => {
    const target = location.hash ? document.getElementById(location.hash.slice(1)) : null;
    if (target?.matches("li[data-story]")) focusRow(target);
    else if (location.hash === "#topics") show(location.hash);
  }));

  // Words that were typed and not saved are not left without a question. A
  // story's editor needs none: the desk keeps its drafts.
  let unsaved;
  document.addEventListener("input", (event) => { unsaved = event.target.closest("form[data-unsaved]") ?? unsaved; });
  document.addEventListener("submit", (event) => { if (event.target === unsaved) unsaved = undefined; });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, successful } = event.detail;
    if (!successful && elt.matches("form[data-unsaved]")) unsaved = elt;
  });
  addEventListener("beforeunload", (event) => { if (unsaved?.isConnected) event.preventDefault(); });
})();
