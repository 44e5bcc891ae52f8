/* Emberwatch's one script: keys, menus, copying, live counts. Every page works without it. */
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("has-script");

  // --- Colours: set before the page is painted -------------------------------------------------
  const KEY = "theme", THEMES = ["auto", "light", "dark"];
  const stored = () => { try { return localStorage.getItem(KEY) || "auto"; } catch { return "auto"; } };
  root.dataset.theme = stored();
  const cycle = () => {
    const next = THEMES[(THEMES.indexOf(stored()) + 1) % THEMES.length];
    root.dataset.theme = next;
    try { localStorage.setItem(KEY, next); } catch { /* private window */ }
    say(`Colours: ${next === "auto" ? "the system's" : next}`);
  };

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const typing = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");

  // --- A word to screen readers and eyes -------------------------------------------------------
  let speaker;
  const say = (text) => {
    if (!speaker) {
      speaker = document.createElement("p");
      speaker.className = "visually-hidden";
      speaker.setAttribute("role", "status");
      document.body.append(speaker);
    }
    speaker.textContent = text;
  };

  // --- Copying ----------------------------------------------------------------------------------
  const copy = async (button) => {
    const source = button.dataset.copy && document.getElementById(button.dataset.copy);
    const text = source ? source.textContent : button.dataset.copyText;
    if (!text) return;
    try { await navigator.clipboard.writeText(text); } catch { fallback(text); }
    const before = button.textContent;
    button.textContent = "Copied";
    say("Copied");
    setTimeout(() => { button.textContent = before; }, 1200);
  };
  const fallback = (text) => { // without https there is no clipboard to write to
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  };

  // --- The list: rows, choosing, keys ----------------------------------------------------------
  const rows = () => all("tr.issue");
  const boxes = () => all('input[type=checkbox][name="_selected_action"]');
  let last = null;
  const count = () => {
    const label = one("[data-chosen]");
    if (!label) return;
    const chosen = boxes().filter((box) => box.checked).length;
    label.textContent = chosen ? `${chosen} of ${boxes().length} chosen` : "Choose issues to";
    const every = one("[data-all]");
    every.checked = chosen > 0 && chosen === boxes().length;
    every.indeterminate = chosen > 0 && !every.checked;
    const whole = one("[data-whole]"), beyond = whole && one("input", whole);
    if (!whole) return;
    whole.classList.toggle("on", every.checked);
    if (!every.checked) beyond.checked = false;
    if (beyond.checked) label.textContent = "All that match";
  };
  const here = () => rows().findIndex((row) => "here" in row.dataset);
  const move = (step) => {
    const list = rows();
    if (!list.length) return;
    const from = here();
    const to = Math.max(0, Math.min(list.length - 1, from < 0 ? (step > 0 ? 0 : list.length - 1) : from + step));
    if (from >= 0) delete list[from].dataset.here;
    list[to].dataset.here = "";
    list[to].scrollIntoView({ block: "nearest" });
    one(".issue-link", list[to]).focus({ preventScroll: true });
  };
  const toggle = (box, range) => {
    const list = boxes();
    box.checked = !box.checked;
    choose(list, box, range);
  };
  const choose = (list, box, range) => {
    if (range && last && list.includes(last)) {
      const [a, b] = [list.indexOf(last), list.indexOf(box)].sort((x, y) => x - y);
      list.slice(a, b + 1).forEach((each) => { each.checked = box.checked; });
    }
    last = box;
    count();
  };
  const act = (value) => {
    const form = document.getElementById("bulk");
    const button = form && one(`button[value="${value}"]`, form);
    if (!button) return false;
    const row = rows()[here()];
    if (row && !boxes().some((box) => box.checked)) one('[name="_selected_action"]', row).checked = true;
    if (!boxes().some((box) => box.checked)) return false;
    form.requestSubmit(button);
    return true;
  };
  const open = (key) => {
    const menu = one(`details[data-key="${key}"]`);
    if (!menu) return;
    const row = rows()[here()];
    if (row && !boxes().some((box) => box.checked)) { one('[name="_selected_action"]', row).checked = true; count(); }
    menu.open = true;
    (one('[value^="priority"]', menu) || one("button", menu))?.focus();
  };
  // --- From one issue to the next of the list that one came from ---------------------------------
  const listed = () => { try { return JSON.parse(sessionStorage.getItem("list")) || {}; } catch { return {}; } };
  const remember = () => {
    const ids = rows().map((row) => Number(one(".issue-link", row).pathname.split("/").at(-3)));
    const url = location.pathname + location.search;
    try { sessionStorage.setItem("list", JSON.stringify({ url, ids })); } catch { /* private window */ }
  };
  const walk = (nav) => {
    const { url, ids = [] } = listed(), at = ids.indexOf(Number(nav.dataset.inList));
    if (!url || !url.startsWith("/")) return;
    one(".crumbline a").href = url;
    if (at < 0) return;
    nav.hidden = false;
    one("[data-place]", nav).textContent = `${at + 1} of ${ids.length}`;
    all("[data-step]", nav).forEach((link) => {
      const next = ids[at + Number(link.dataset.step)];
      if (next) link.href = location.pathname.replace(/issue\/.*/, `issue/${next}/change/`);
    });
  };
  const step = (way) => {
    if (one("[data-in-list]")) one(`[data-step="${way}"][href]`)?.click(); else move(way);
  };
  const choosePage = () => {
    const every = one("[data-all]"), beyond = one("[data-whole] input");
    if (!every) return;
    if (every.checked && beyond && !beyond.checked) beyond.checked = true;
    else { every.checked = !every.checked; boxes().forEach((box) => { box.checked = every.checked; }); }
    count();
  };
  const assign = () => {
    const list = one(".bulkbar #assignee") || one(".acts #assignee");
    if (!list) return;
    list.focus();
    list.addEventListener("keydown", (event) => { // "aa": to me
      if (event.key !== "a") return;
      event.preventDefault();
      list.value = "me";
      if (!act("assign")) one('[data-key="a"]')?.click();
    }, { once: true });
  };
  const KEYS = {
    j: () => step(1), k: () => step(-1), u: () => { if (one("[data-in-list]")) one(".crumbline a").click(); },
    o: () => { const row = rows()[here()]; if (row) one(".issue-link", row).click(); },
    x: (event) => { const row = rows()[here()]; const box = row && one('[name="_selected_action"]', row); if (box) toggle(box, event.shiftKey); },
    r: () => { if (!act("resolve")) one('[data-key="r"]')?.click(); },
    e: () => { if (!act("review")) one('[data-key="e"]')?.click(); },
    m: () => { if (!act("merge")) document.getElementById("merge-with")?.focus(); }, "*": choosePage, z: () => one('[data-key="z"]')?.click(),
    n: () => { if (!act("resolve_next")) one('[data-key="n"]')?.click(); },
    s: () => open("s"), p: () => open("p"),
    a: assign, c: () => document.getElementById("text")?.focus(),
    "?": () => help(),
    "/": () => { const box = document.getElementById("q"); if (box) { box.focus(); box.select(); } },
    "[": () => one('[data-go="["]')?.click(), "]": () => one('[data-go="]"]')?.click(),
  };

  // --- "?": what the keys do, in a dialog of the browser's own -----------------------------------------
  const HELP = [
    ["j k", "next, previous issue"], ["o", "open"], ["u", "back to the list"], ["x", "choose; with shift: a range"],
    ["*", "choose the page; again: all that match"], ["r", "resolve or reopen"], ["n", "resolve in the next release"],
    ["s", "snooze"], ["a", "assign; twice: to me"], ["p", "priority"], ["e", "reviewed"], ["m", "merge"], ["z", "undo"],
    ["c", "comment"], ["[ ]", "older, newer event"], ["/", "search"], ["?", "this"],
  ];
  const help = () => {
    let dialog = document.getElementById("key-help");
    if (!dialog) {
      dialog = document.createElement("dialog");
      dialog.id = "key-help";
      dialog.className = "key-help";
      dialog.setAttribute("aria-label", "Keys");
      const list = document.createElement("dl");
      for (const [keys, text] of HELP) {
        const name = document.createElement("dt"), what = document.createElement("dd");
        for (const key of keys.split(" ")) { const cap = document.createElement("kbd"); cap.textContent = key; name.append(cap, " "); }
        what.textContent = text;
        list.append(name, what);
      }
      const close = document.createElement("button");
      close.type = "button"; close.className = "button small"; close.textContent = "Close";
      close.addEventListener("click", () => dialog.close());
      dialog.append(list, close);
      document.body.append(dialog);
    }
    if (dialog.open) dialog.close(); else dialog.showModal();
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      all("details.menu[open]").forEach((menu) => { menu.open = false; one("summary", menu).focus(); });
      if (typing(event.target)) event.target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const key = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!key) return;
    event.preventDefault();
    key(event);
  });

  // --- Clicks -------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const target = event.target;
    all("details.menu[open]").forEach((menu) => { if (!menu.contains(target)) menu.open = false; });
    const button = target.closest("[data-copy], [data-copy-text]");
    if (button) { copy(button); return; }
    if (target.closest("[data-theme-toggle]")) { cycle(); return; }
    if (target.matches("[data-all]")) { boxes().forEach((box) => { box.checked = target.checked; }); count(); return; }
    if (target.closest("[data-whole]")) { count(); return; }
    if (target.matches('[name="_selected_action"]')) { choose(boxes(), target, event.shiftKey); return; }
    const tab = target.closest("[role=tab]");
    if (tab) { show(tab); return; }
    const originals = target.closest("[data-originals]");
    if (originals) { setOriginals(originals); return; }
    const flip = target.closest("[data-flip]");
    if (flip) { order(flip); return; }
    const raw = target.closest("[data-raw]");
    if (raw) setRaw(raw.getAttribute("aria-pressed") !== "true", true);
  });
  document.addEventListener("keydown", (event) => { // Enter in a small field presses the button beside it
    const field = event.key === "Enter" && event.target.closest(".ask input, .ask select");
    const button = field && one("button", field.closest(".ask"));
    if (button) { event.preventDefault(); button.click(); }
  });
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-crumb-level], [data-crumb-category]")) return;
    const level = one("[data-crumb-level]")?.value, category = one("[data-crumb-category]")?.value;
    all(".crumb").forEach((row) => {
      row.hidden = Boolean(level && row.dataset.level !== level || category && row.dataset.category !== category);
    });
  });

  // --- The stack: order and raw text, remembered ---------------------------------------------------
  const order = (button) => {
    const pressed = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(pressed));
    button.textContent = pressed ? "Newest first" : "Oldest first";
    all("#stack .frames, #stack .folded").forEach((box) => {
      const frames = [...box.children].filter((child) => child.tagName !== "SUMMARY");
      box.append(...frames.reverse());
    });
  };
  const setOriginals = (button) => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    all('[data-frames="original"]').forEach((box) => { // links without a map of their own stay as they are
      box.hidden = !on;
      one('[data-frames="mapped"]', box.parentElement).hidden = on;
    });
  };
  const setRaw = (on, remember) => {
    const button = one("[data-raw]");
    if (!button) return;
    button.setAttribute("aria-pressed", String(on));
    one("[data-cooked]").hidden = on;
    one("[data-rawtext]").hidden = !on;
    if (remember) { try { localStorage.setItem("raw-stack", on ? "1" : ""); } catch { /* private window */ } }
  };

  // --- @names in a comment: who may be meant, as one types -----------------------------------------
  const suggest = (area) => {
    const people = (area.dataset.people || "").split(" ").filter(Boolean);
    const box = document.createElement("ul");
    box.className = "suggest";
    box.id = "suggest";
    box.hidden = true;
    box.setAttribute("role", "listbox");
    box.setAttribute("aria-label", "People");
    area.after(box);
    area.setAttribute("aria-controls", box.id);
    area.setAttribute("aria-autocomplete", "list");
    const typed = () => /(?:^|[^\w@.+-])@([\w.@+-]*)$/.exec(area.value.slice(0, area.selectionStart));
    const pick = (place) => {
      const options = all("li", box);
      options.forEach((each, at) => each.setAttribute("aria-selected", String(at === place)));
      if (options[place]) area.setAttribute("aria-activedescendant", options[place].id);
    };
    const hide = () => { box.hidden = true; area.removeAttribute("aria-activedescendant"); };
    const put = (name) => {
      const end = area.selectionStart, start = end - typed()[1].length;
      area.setRangeText(`${name} `, start, end, "end");
      hide();
      area.focus();
    };
    const look = () => {
      const found = typed();
      if (!found) { hide(); return; }
      const word = found[1].toLowerCase();
      const names = people.filter((name) => name.toLowerCase().startsWith(word))
        .concat(people.filter((name) => name.toLowerCase().indexOf(word) > 0)).slice(0, 8);
      box.replaceChildren(...names.map((name, at) => {
        const row = document.createElement("li");
        row.id = `suggest-${at}`;
        row.setAttribute("role", "option");
        row.textContent = name;
        row.addEventListener("mousedown", (event) => { event.preventDefault(); put(name); });
        return row;
      }));
      box.hidden = !names.length;
      pick(0);
    };
    area.addEventListener("input", look);
    area.addEventListener("blur", hide);
    area.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "Enter") { one("button", area.form).click(); return; }
      if (box.hidden) return;
      const options = all("li", box), at = options.findIndex((each) => each.getAttribute("aria-selected") === "true");
      if (event.key === "ArrowDown") pick((at + 1) % options.length);
      else if (event.key === "ArrowUp") pick((at + options.length - 1) % options.length);
      else if (event.key === "Enter" || event.key === "Tab") put(options[at].textContent);
      else if (event.key === "Escape") { hide(); event.stopPropagation(); }
      else return;
      event.preventDefault();
    });
  };

  // --- Set-up page: tabs and waiting for the first event --------------------------------------------
  const show = (tab) => {
    all("[role=tab]", tab.parentElement).forEach((each) => {
      const on = each === tab;
      each.setAttribute("aria-selected", String(on));
      each.tabIndex = on ? 0 : -1;
      const panel = document.getElementById(each.getAttribute("aria-controls"));
      panel.hidden = !on;
      if (on) panel.removeAttribute("data-later");
    });
  };
  const poll = (seconds, ask) => {
    const tick = async () => {
      if (document.hidden) return;
      try { if (await ask()) clearInterval(timer); } catch { /* the next tick asks again */ }
    };
    const timer = setInterval(tick, seconds * 1000);
  };
  const getJson = async (url) => {
    const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok || answer.redirected) throw new Error("no answer");
    return answer.json();
  };

  // --- Names for what Django's own forms leave without one ------------------------------------------
  const nameFields = () => {
    const search = document.getElementById("searchbar");
    if (search) search.setAttribute("aria-label", "Search");
    all(".datetime input").forEach((field) => {
      const row = one("label, legend", field.closest(".form-row") || document.body);
      const part = field.classList.contains("vTimeField") ? "time" : "date";
      field.setAttribute("aria-label", `${row ? row.textContent.trim() : ""} ${part}`.trim());
    });
    all(".tabular tbody td").forEach((cell) => {
      const head = one(`thead th:nth-child(${cell.cellIndex + 1})`, cell.closest("table"));
      const name = head ? head.textContent.trim() : "";
      all("input:not([type=hidden]), select, textarea", cell).forEach((field) => {
        if (name && !field.hasAttribute("aria-label")) field.setAttribute("aria-label", name);
      });
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    count();
    nameFields();
    try { if (localStorage.getItem("raw-stack")) setRaw(true, false); } catch { /* private window */ }
    const waiting = one("[data-waiting]");
    if (waiting) {
      poll(2, async () => {
        const state = await getJson(waiting.dataset.waiting);
        if (!state.arrived) return false;
        one("[data-waiting-now]", waiting).hidden = true;
        one("[data-waiting-link]", waiting).href = state.url;
        one("[data-waiting-done]", waiting).hidden = false;
        return true;
      });
    }
    if (one(".issues-page")) remember();
    const nav = one("[data-in-list]");
    if (nav) walk(nav);
    all("[data-people]").forEach(suggest);
    const job = one("[data-job]");
    if (job) {
      poll(1, async () => {
        const state = await getJson(job.dataset.job);
        one("[data-job-done]", job).textContent = state.done;
        one("progress", job).value = state.done;
        if (state.finished) location.replace(location.href);
        return state.finished;
      });
    }
    const live = one("[data-live]");
    if (live) {
      poll(15, async () => {
        const url = `${live.dataset.live}&since=${encodeURIComponent(live.dataset.since)}`;
        const { fresh } = await getJson(url);
        live.hidden = !fresh;
        live.textContent = fresh > 1000 ? "1000+ with new events: show" : `${fresh} with new events: show`;
        return false;
      });
    }
  });
})();
