"use strict";
if (document.getElementById("matrix")) { // there is none if no lock can be read
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const matrix = byId("matrix");
  const LEADING = 4; // columns before those of the stages

  // --- The matrix: filter, sort and group its rows.

  const groups = [...matrix.querySelectorAll("tbody")];
  const rows = groups.flatMap((body) => [...body.rows].slice(1).map((row) => ({
    row,
    body,
    name: row.cells[0].textContent,
    direct: row.querySelector(".d") !== null,
  })));
  const titles = [...matrix.querySelectorAll("thead th")];
  const single = document.createElement("tbody");
  single.hidden = true;
  groups.at(-1)?.after(single);

  const SHOWN = {
    all: () => true,
    different: ({ row }) => row.className !== "",
    grave: ({ row }) => row.className === "e" || row.className === "w",
    direct: ({ direct }) => direct,
  };

  function filter() {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const isShown = SHOWN[byId("show").value];
    const stage = byId("in").value;
    const visible = new Set();
    for (const each of rows) {
      const has = stage === "" || each.row.cells[LEADING + Number(stage)].textContent !== "";
      const found = has && isShown(each) && words.every((word) => each.name.includes(word));
      each.row.hidden = !found;
      if (found) visible.add(each.row);
    }
    const isGrouped = byId("group").checked;
    for (const body of groups) {
      body.hidden = !isGrouped || ![...body.rows].some((row) => visible.has(row));
    }
    single.hidden = isGrouped;
    byId("count").value = `${visible.size} of ${rows.length} packages`;
  }

  const compare = new Intl.Collator("en", { numeric: true }).compare;
  const SEVERITY = ["e", "w", "f", ""];
  const VALUES = [
    ({ name }) => name,
    ({ row }) => String(SEVERITY.indexOf(row.className)),
    ({ row }) => row.cells[2].textContent,
    ({ row }) => row.cells[3].dataset.s,
  ];

  function order() {
    const column = titles.findIndex((title) => title.ariaSort !== "none");
    const value = VALUES[column] ?? (({ row }) => row.cells[column].textContent);
    const direction = titles[column]?.ariaSort === "descending" ? -1 : 1;
    const keyed = rows.map((each) => [value(each), each]);
    // Rows without a version are last, whatever the direction is.
    keyed.sort(([a, x], [b, y]) =>
      (a === "") - (b === "") || direction * compare(a, b) || compare(x.name, y.name));
    const isGrouped = byId("group").checked;
    for (const body of [...groups, single]) {
      const own = keyed.filter(([, each]) => (isGrouped ? each.body : single) === body);
      body.append(...own.map(([, each]) => each.row));
    }
  }

  matrix.addEventListener("click", ({ target }) => {
    const cell = target.closest("button")?.closest("th");
    if (cell?.closest("thead")) {
      const column = titles.indexOf(cell);
      // The largest numbers are of interest first, and the gravest differences.
      const first = column === 2 || column === 3 ? "descending" : "ascending";
      const second = first === "ascending" ? "descending" : "ascending";
      const next = cell.ariaSort === first ? second : first;
      for (const title of titles) title.ariaSort = title === cell ? next : "none";
      order();
    } else if (cell) {
      describe(cell);
    }
  });
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  for (const id of ["search", "show", "in"]) byId(id).addEventListener("input", filter);
  byId("group").addEventListener("input", () => { order(); filter(); });
  byId("controls").hidden = false;
  if (titles.length) titles[0].ariaSort = "ascending";
  filter();

  // --- The dialog on a package: its versions, what requires it, and the graph of that.

  const SVG = "http://www.w3.org/2000/svg";
  const ROOT = -1; // stands for pyproject.toml
  const MOST_NODES = 150;
  const sets = data.sets.map((each) => new Set(each));
  const label = (node) => (node === ROOT ? "pyproject.toml" : data.packages[node]);

  function make(name, attributes = {}, ...content) {
    const isSvg = ["svg", "g", "rect", "text", "path", "marker", "defs", "title"].includes(name);
    const found = isSvg ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
    found.append(...content);
    return found;
  }

  // Return for each node that pyproject.toml leads to in a stage the edge that leads there first.
  function reached(stage) {
    const outgoing = new Map();
    for (const edge of data.edges) {
      if (sets[edge[3]].has(stage)) {
        if (!outgoing.has(edge[0])) outgoing.set(edge[0], []);
        outgoing.get(edge[0]).push(edge);
      }
    }
    const before = new Map([[ROOT, null]]);
    for (const node of before.keys()) {
      for (const edge of outgoing.get(node) ?? []) {
        if (!before.has(edge[1])) before.set(edge[1], edge);
      }
    }
    return before;
  }

  // Return the requirements on a package in a stage, each with the shortest path to its requirer.
  function requirers(node, stage) {
    const before = reached(stage);
    const found = data.edges.filter((edge) =>
      edge[1] === node && edge[0] !== node && sets[edge[3]].has(stage) && before.has(edge[0]));
    return found.map((edge) => {
      const path = [edge];
      while (before.get(path[0][0])) path.unshift(before.get(path[0][0]));
      return path;
    });
  }

  function describe(cell) {
    const node = data.packages.indexOf(cell.textContent);
    const versions = [...cell.parentElement.cells].slice(LEADING).map((each) => each.textContent);
    const having = data.stages.map((_, stage) => stage).filter((stage) => versions[stage]);
    const chosen = make("select", { id: "graph-stage" }, make("option", { value: "" }, "all"));
    for (const stage of having) {
      chosen.append(make("option", { value: stage }, data.stages[stage]));
    }
    const drawing = make("div", { class: "graph", tabindex: 0, role: "region", "aria-label": "Dependency graph" });
    const draw = () => {
      const stages = chosen.value === "" ? having : [Number(chosen.value)];
      drawing.replaceChildren(graph(node, stages));
    };
    chosen.addEventListener("input", draw);
    const list = (title, texts) => texts.length
      ? [make("h3", {}, title), make("ul", {}, ...texts.map((text) => make("li", {}, text)))]
      : [];
    const moves = (data.moves[node] ?? []).map(([moment, stage, before, after]) =>
      `${data.moments[moment]}: ${before || "none"} → ${after || "none"} in ${stage}`);
    byId("package-title").textContent = label(node);
    byId("package-content").replaceChildren(
      make("h3", {}, "Dependency graph"),
      make("label", {}, "In stage ", chosen),
      drawing,
      make("h3", {}, "Requirements"),
      make("ul", {}, ...having.map((stage) => paths(node, stage, versions[stage]))),
      ...list("Differences and findings", data.notes[node] ?? []),
      ...list("History", moves),
    );
    byId("package").showModal();
    draw();
    byId("package").scrollTop = 0;
  }

  function paths(node, stage, version) {
    const item = make("li", {}, make("b", {}, `${data.stages[stage]}: ${version}`));
    const list = make("ul");
    for (const path of requirers(node, stage)) {
      const edge = path.at(-1);
      const names = path.map((each) => label(each[0])).join(" → ");
      list.append(make("li", {}, `${names} requires ${label(node)} ${edge[2]}`));
    }
    item.append(list);
    return item;
  }

  // Return the drawing of the paths to a package and of what it requires itself.
  function graph(node, stages) {
    const edges = new Map(); // the requirements of each requirer on each package
    const keep = (edge) => {
      const key = `${edge[0]} ${edge[1]}`;
      edges.set(key, (edges.get(key) ?? new Set()).add(edge));
    };
    for (const stage of stages) {
      requirers(node, stage).flat().forEach(keep);
      data.edges.filter((edge) => edge[0] === node && sets[edge[3]].has(stage)).forEach(keep);
    }
    const layout = new dagre.graphlib.Graph();
    layout.setGraph({ rankdir: "LR", nodesep: 12, edgesep: 12, ranksep: 24, marginx: 12, marginy: 12 });
    const add = (each) => {
      const width = label(each).length * 7.4 + 20;
      layout.setNode(String(each), { width, height: 28, node: each });
    };
    add(node);
    let left = 0;
    for (const same of edges.values()) {
      const [by, to] = [...same][0];
      const isFull = layout.nodeCount() >= MOST_NODES;
      if (isFull && !(layout.hasNode(String(by)) && layout.hasNode(String(to)))) {
        left += same.size;
        continue;
      }
      for (const each of [by, to]) if (!layout.hasNode(String(each))) add(each);
      const lines = edgeLines(same, stages);
      const width = Math.max(...lines.map((line) => line.length), 1) * 6.4 + 8;
      const title = [...same].map((each) => each[2] || "any version").join("\n");
      layout.setEdge(String(by), String(to), { lines, title, width, height: 15 * lines.length, labelpos: "c" });
    }
    dagre.layout(layout);
    return drawn(layout, node, left);
  }

  // Return the version constraints of requirements, and the stages that have one if not all do.
  function edgeLines(same, stages) {
    // The place in pyproject.toml, in parentheses, and the marker would take too much space.
    const constraints = new Set([...same].map((each) => each[2].replace(/;.*| ?\([^()]*\)$/g, "")));
    const short = [...constraints].filter(Boolean).join(", ");
    const having = stages.filter((stage) => [...same].some((each) => sets[each[3]].has(stage)));
    const where = having.length > 1 ? `${having.length} stages` : data.stages[having[0]];
    return [
      short.length > 22 ? `${short.slice(0, 21)}…` : short,
      having.length < stages.length ? where : "",
    ].filter(Boolean);
  }

  function drawn(layout, node, left) {
    const { width, height } = layout.graph();
    const picture = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Paths to ${label(node)} and its own requirements, which the list below has as text` });
    // A large graph shrinks to the width of the dialog, but remains readable.
    picture.style.width = `${width}px`;
    picture.style.minWidth = `${0.7 * width}px`;
    const arrow = make("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, make("path", { d: "M0 0L8 4L0 8z" }));
    picture.append(make("defs", {}, arrow));
    for (const key of layout.edges()) {
      const { points, lines, title, x, y } = layout.edge(key);
      const line = `M${points.map((each) => `${each.x.toFixed(1)} ${each.y.toFixed(1)}`).join("L")}`;
      picture.append(make("path", { d: line, "marker-end": "url(#arrow)" }));
      const top = y + 4 - 7.5 * (lines.length - 1);
      lines.forEach((text, index) => picture.append(make(
        "text", { x, y: top + 15 * index, "text-anchor": "middle", class: "label" }, make("title", {}, title), text,
      )));
    }
    for (const key of layout.nodes()) {
      const { x, y, width: w, height: h, node: each } = layout.node(key);
      const kind = each === node ? "root" : each === ROOT ? "start" : "";
      picture.append(make("g", { class: kind },
        make("rect", { x: x - w / 2, y: y - h / 2, width: w, height: h, rx: 5 }),
        make("text", { x, y: y + 4, "text-anchor": "middle" }, label(each))));
    }
    if (left) picture.append(make("text", { x: 16, y: height - 4 }, `${left} requirements are not drawn`));
    return picture;
  }
}
