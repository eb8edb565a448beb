// Everything is text: nothing of the document ever becomes markup here.
document.addEventListener("DOMContentLoaded", () => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const STATES = { p: "proven", g: "grounded", a: "ambiguous", c: "contradicted", u: "ungrounded", t: "text" };
  const VERDICTS = [["✗", "no", "violated"], ["✓", "yes", "holds"], ["·", "open", "could not be checked"]];
  const SHOWN = 14; // cells of a side that are listed
  const panel = byId("why"), heading = byId("why-title"), body = byId("why-body");
  const source = byId("source"), right = byId("right");
  let picked = null, shown = null;

  const make = (name, look, ...inside) => {
    const node = document.createElement(name);
    if (look) node.className = look;
    node.append(...inside);
    return node;
  };

  // ---- cells: c12 is cell 12 in its table, s12 where it stands in the source
  const anchorOf = (cell) => data.anchors[cell] ?? cell;
  const inTable = (cell) => byId(`c${cell}`);
  const inSource = (cell) => byId(`s${anchorOf(cell)}`);
  const boxes = (cell) => {
    const out = [];
    for (let n = 1, box; (box = byId(n === 1 ? `b${cell}` : `b${cell}.${n}`)); n += 1) out.push(box);
    return out;
  };
  const marks = (cell) => {
    const here = anchorOf(cell), count = data.pieces[here] || 1;
    const names = Array.from({ length: count }, (_, n) => (n ? `s${here}.${n + 1}` : `s${here}`));
    return [...names, `c${cell}`, ...boxes(cell)].map((one) => (typeof one === "string" ? byId(one) : one)).filter(Boolean);
  };
  const cellOf = (link) => {
    const found = /^[bcs](\d+)(\.\d+)?$/.exec(link?.id ?? "");
    return found ? Number(found[1]) : null;
  };
  const lookOf = (cell) => (inTable(cell)?.className ?? "t").charAt(0);
  const shownText = (cell) => inTable(cell)?.textContent ?? "";
  const valueOf = (cell) => data.cells[cell][2] ?? shownText(cell);
  const placeOf = (cell) => {
    const [row, column] = data.cells[cell];
    const [table, key, name] = data.rows[row];
    return { table: data.tables[table], key, name, column: data.columns[column] };
  };

  let covers = null;
  const proofsOf = (cell) => {
    if (!covers) {
      covers = new Map();
      data.proofs.forEach((proof, number) => {
        for (const one of new Set([...proof[2], ...proof[3]])) {
          if (!covers.has(one)) covers.set(one, []);
          covers.get(one).push(number);
        }
      });
    }
    return (covers.get(cell) ?? []).map((number) => data.proofs[number]);
  };
  const confirms = (proof, cell) => proof[5] === 1 || (Array.isArray(proof[5]) && proof[5].includes(cell));

  // ---- why this number?
  const operand = (cell, self) => {
    const at = placeOf(cell);
    const link = make("a", `ref ${lookOf(cell)}`, valueOf(cell));
    link.href = `#c${cell}`;
    if (cell === self) return make("span", "", link, make("small", "", "this"));
    const mine = placeOf(self), said = [];
    if (at.table !== mine.table) said.push(at.table[0]);
    if (at.table !== mine.table || at.key !== mine.key) said.push(`${at.key} ${at.name}`.trim());
    if (at.column !== mine.column) said.push(at.column);
    return make("span", "", link, make("small", "", said.join(" · ")));
  };
  const side = (cells, empty, self, glue) => {
    const out = [];
    cells.slice(0, SHOWN).forEach((cell, n) => { if (n) out.push(glue); out.push(operand(cell, self)); });
    if (cells.length > SHOWN) out.push(` and ${cells.length - SHOWN} more`);
    if (!cells.length) out.push("nothing printed");
    if (empty) out.push(make("span", "quiet", ` (${empty} empty)`));
    return out;
  };
  const law = (proof, self) => {
    const [rule, verdict, left, rightCells, gone] = proof;
    const [id, text, soft, relation] = data.rules[rule];
    const [sign, look, said] = VERDICTS[verdict];
    const sure = verdict === 1 && confirms(proof, self) ? ", and confirms this number" : "";
    const item = make("li", "", make("span", look, `${sign} ${id} ${said}${sure}`),
      make("span", "quiet", `${soft ? " (soft: evidence only)" : ""}  ${text}`));
    const plain = relation === "same" || relation === "sum";
    const glue = plain ? " + " : ", ";
    const line = make("div", "sum", ...side(left, gone[0], self, glue), plain && verdict === 1 ? " = " : " against ",
      ...side(rightCells, gone[1], self, glue));
    if (verdict !== 2 && proof[6] !== "" && (verdict === 0 || !plain || proof[6] !== proof[7])) {
      line.append(make("b", "", ` : ${proof[6]} against ${proof[7]}`), proof[8] ? `, allowed ± ${proof[8]}` : "");
    }
    if (proof[9]) line.append(make("span", "quiet", ` ${proof[9]}`));
    item.append(line);
    item.dataset.cells = [...left, ...rightCells].slice(0, 200).join(" ");
    return item;
  };
  const say = (cell) => {
    const at = placeOf(cell), look = lookOf(cell);
    const printed = shownText(cell), value = data.cells[cell][2];
    const proofs = proofsOf(cell);
    const order = [...proofs].sort((a, b) => rank(a, cell) - rank(b, cell));
    heading.replaceChildren(make("span", `tag ${look}`, STATES[look]), " ", printed.slice(0, 60),
      make("span", "quiet", `  ${at.key}${at.name ? ` ${at.name}` : ""} · ${at.column}`));
    heading.lastChild.lang = "zh-Hans";
    const facts = make("div", "");
    const fact = (...parts) => facts.append(make("p", "", ...parts));
    fact(`${at.table[0]} [${at.table[1]}${at.table[2] ? `, part ${at.table[2] + 1}` : ""}]`);
    if (value !== undefined && value !== printed) fact(`read as ${value}`);
    const stands = inSource(cell);
    if (stands) {
      const line = make("a", "", stands.parentElement.id);
      line.href = `#${stands.parentElement.id}`;
      fact("line ", line);
    } else fact("It does not stand in the source.");
    if (data.options[cell]) fact(`May belong to: ${data.options[cell].join(", ")}`);
    for (const doubt of data.doubts[cell] ?? []) fact(`Doubt: ${doubt}`);
    for (const number of (data.findings[cell] ?? []).slice(0, 5)) {
      const link = make("a", "", "finding");
      link.href = `#f${number}`;
      fact(link);
    }
    fact(make("span", "quiet", `Read by the ${at.table[4]} reader. ${at.table[5]}`));
    const laws = make("div", "");
    if (!order.length) laws.append(make("p", "", look === "t" ? "A text: no identity with numbers covers it." : "No identity covers it."));
    else {
      const list = make("ul", "law", ...order.slice(0, 40).map((proof) => law(proof, cell)));
      laws.append(list);
      if (order.length > 40) laws.append(make("p", "quiet", `and ${order.length - 40} more; extractor explain lists them.`));
    }
    body.replaceChildren(facts, laws);
    panel.hidden = false;
    panel.scrollTop = 0;
    shown = cell;
  };
  const rank = (proof, cell) => (proof[1] === 0 ? 0 : proof[1] === 2 ? 3 : confirms(proof, cell) ? 1 : 2);

  // ---- the views on the right
  const views = [...document.querySelectorAll(".view")];
  const tabs = byId("tabs");
  const show = (view) => {
    for (const one of views) {
      const is = one === view, tab = byId(`tab-${one.id}`);
      one.hidden = !is;
      tab.setAttribute("aria-selected", String(is));
      tab.tabIndex = is ? 0 : -1;
    }
  };
  tabs.setAttribute("role", "tablist");
  tabs.setAttribute("aria-label", "What was read");
  for (const view of views) {
    const count = { findings: document.querySelectorAll(".finding").length, unread: byId("unread").querySelectorAll("tbody tr").length,
      tables: document.querySelectorAll(".sheet").length }[view.id];
    const tab = make("button", "", view.querySelector("h2").textContent + (count === undefined ? "" : ` ${count}`));
    Object.assign(tab, { type: "button", id: `tab-${view.id}` });
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", view.id);
    view.setAttribute("role", "tabpanel");
    view.setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", () => { show(view); right.scrollTo(0, 0); });
    tabs.append(tab);
  }
  tabs.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const now = views.findIndex((view) => !view.hidden);
    const next = views[(now + step + views.length) % views.length];
    show(next);
    byId(`tab-${next.id}`).focus();
    event.preventDefault();
  });
  tabs.hidden = false;
  right.classList.add("tabbed");
  show(byId("overview"));

  // ---- showing a place: what is not drawn yet has a guessed height, so look again once it is drawn
  const reveal = (node, block = "center") => {
    if (!node) return;
    const view = node.closest(".view");
    if (view && view.hidden) show(view);
    node.scrollIntoView({ block, inline: "nearest" });
    requestAnimationFrame(() => node.scrollIntoView({ block, inline: "nearest" }));
  };
  // What is marked is remembered: a page may have a hundred thousand links to look through.
  const marked = { sel: [], peer: [], flash: [] };
  const mark = (look, nodes) => {
    for (const one of marked[look]) one.classList.remove(look);
    for (const one of nodes) one.classList.add(look);
    marked[look] = nodes;
  };
  const pick = (cell, from) => {
    mark("sel", marks(cell));
    picked = cell;
    say(cell);
    reveal(inSource(cell), from === "source" ? "nearest" : "center");
    reveal(boxes(cell)[0], from === "source" ? "nearest" : "center");
    reveal(inTable(cell), from === "tables" ? "nearest" : "center");
    if (from === "source") rove(source, inSource(cell));
    rove(right, inTable(cell));
    history.replaceState(null, "", `#c${cell}`);
  };
  const drop = () => {
    mark("sel", []);
    mark("peer", []);
    picked = shown = null;
    panel.hidden = true;
  };
  byId("close").addEventListener("click", () => { const cell = picked; drop(); if (cell !== null) inTable(cell)?.focus({ preventScroll: true }); });

  const follow = (target) => {
    const cell = /^([cs])(\d+)$/.exec(target);
    if (cell && data.cells[Number(cell[2])]) return pick(Number(cell[2]), "");
    const node = byId(target);
    if (!node) return undefined;
    if (node.closest(".text")?.hidden) byId("paper").click();
    if (node.matches(".block > div")) mark("flash", [node]);
    reveal(node, node.matches(".block > div") ? "center" : "start");
    node.focus({ preventScroll: true });
    return undefined;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const cell = cellOf(link);
    if (cell !== null) pick(cell, source.contains(link) ? "source" : "tables");
    else {
      follow(decodeURIComponent(link.hash.slice(1)));
      if (link.closest("#right")) link.focus({ preventScroll: true });
    }
  });

  // ---- pointing at a value, or going to it with the keyboard, says why without choosing it
  let timer = 0;
  const peek = (cell, wait) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (cell !== null) { if (cell !== shown) say(cell); }
      else if (picked !== null) { if (picked !== shown) say(picked); }
    }, wait);
  };
  document.addEventListener("mouseover", (event) => {
    const law = event.target.closest?.("li[data-cells]");
    if (law || marked.peer.length) mark("peer", law ? law.dataset.cells.split(" ").flatMap((cell) => marks(Number(cell))) : []);
    const link = event.target.closest?.("a[id]");
    const cell = cellOf(link);
    peek(cell, cell === null ? 200 : 90);
  });
  document.addEventListener("focusin", (event) => {
    const cell = cellOf(event.target);
    if (cell === null) return;
    rove(source.contains(event.target) ? source : right, event.target);
    peek(cell, 0);
  });

  // ---- keyboard: one stop for Tab on each side, arrows inside
  const stops = new Map();
  const rove = (pane, link) => {
    if (!link) return;
    const old = stops.get(pane);
    if (old) old.tabIndex = -1;
    link.tabIndex = 0;
    stops.set(pane, link);
  };
  rove(source, source.querySelector(".text a"));
  rove(right, right.querySelector(".grid a[id]"));
  let order = null;
  const inOrder = (pane, link, step) => {
    order ??= new Map();
    if (!order.has(pane)) {
      const links = [...pane.querySelectorAll(pane === source ? ".text a" : ".grid a[id]")];
      order.set(pane, { links, at: new Map(links.map((one, n) => [one, n])) });
    }
    const { links, at } = order.get(pane);
    return links[at.get(link) + step];
  };
  const vertical = (link, step) => {
    const place = link.closest("td, th"), column = place.cellIndex;
    let row = place.parentElement;
    while ((row = step > 0 ? row.nextElementSibling : row.previousElementSibling)) {
      const found = row.cells[column]?.querySelector("a[id]");
      if (found) return found;
    }
    return null;
  };
  const ends = (link, key) => {
    const all = link.closest("tr").querySelectorAll("a[id]");
    return key === "Home" ? all[0] : all[all.length - 1];
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden) return drop();
    const link = event.target;
    if (cellOf(link) === null || event.ctrlKey || event.metaKey || event.altKey) return undefined;
    const pane = source.contains(link) ? source : right, table = link.closest(".grid");
    let next;
    if (event.key === "ArrowRight") next = inOrder(pane, link, 1);
    else if (event.key === "ArrowLeft") next = inOrder(pane, link, -1);
    else if (event.key === "ArrowDown") next = table ? vertical(link, 1) : inOrder(pane, link, 1);
    else if (event.key === "ArrowUp") next = table ? vertical(link, -1) : inOrder(pane, link, -1);
    else if (table && (event.key === "Home" || event.key === "End")) next = ends(link, event.key);
    else if (event.key === " ") { link.click(); event.preventDefault(); return undefined; }
    else return undefined;
    event.preventDefault();
    if (next) {
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    return undefined;
  });

  // ---- the next cell of a state
  for (const button of document.querySelectorAll(".jump")) {
    button.addEventListener("click", () => {
      const all = [...document.querySelectorAll(`.grid a.${button.dataset.look}`)];
      if (!all.length) return;
      const last = all.findIndex((one) => cellOf(one) > (picked ?? -1));
      const next = all[last < 0 ? 0 : last];
      pick(cellOf(next), "");
      next.focus({ preventScroll: true });
    });
  }

  // ---- the paper in place of the text
  const paper = byId("paper"), sheets = byId("sheets");
  if (paper) {
    const turn = (on) => {
      sheets.hidden = !on;
      source.querySelector(".text").hidden = on;
      paper.setAttribute("aria-pressed", String(on));
      if (picked !== null) reveal(on ? boxes(picked)[0] : inSource(picked));
    };
    paper.hidden = false;
    paper.addEventListener("click", () => turn(sheets.hidden));
    turn(true);
  }

  // ---- filters
  const filters = byId("filters");
  if (filters) {
    filters.hidden = false;
    const apply = () => {
      const wanted = [...new FormData(filters)].filter(([, value]) => value !== "");
      let count = 0;
      const all = document.querySelectorAll(".finding");
      for (const one of all) {
        one.hidden = !wanted.every(([name, value]) => one.dataset[name].split(" ").includes(value));
        if (!one.hidden) count += 1;
      }
      byId("shown").value = `${count} of ${all.length} findings`;
    };
    filters.addEventListener("change", apply);
    filters.addEventListener("reset", () => setTimeout(apply));
    filters.addEventListener("submit", (event) => event.preventDefault());
  }

  if (location.hash.length > 1) follow(decodeURIComponent(location.hash.slice(1)));
  (window.requestIdleCallback ?? setTimeout)(() => proofsOf(-1));
});
