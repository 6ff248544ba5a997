// The page: panes, legend, colour bar, markers, letters, and what hands do with them.

const scene = JSON.parse(document.getElementById("scene").textContent);
const SVG = "http://www.w3.org/2000/svg";

function fail(text) {
  const still = document.getElementById("still");
  still.prepend(element("p", "", text));
  still.hidden = false;
  document.getElementById("view").style.display = "none";
}

// At most one drawing for each picture the screen can show.
function eachFrame(draw) {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => { isAsked = false; draw(); });
  };
}

// Fingers and mouse on a pane: turn with one, move and zoom with two, or with the right button.
function hands(pane, { turn, move, zoom, tap }) {
  const down = new Map();
  let travelled = 0, isAwake = window.top === window;
  pane.addEventListener("contextmenu", (event) => event.preventDefault());
  pane.addEventListener("pointerdown", (event) => {
    if (event.target.closest("input,button,label,.gizmo")) return;
    isAwake = true;
    travelled = 0;
    pane.setPointerCapture(event.pointerId);
    down.set(event.pointerId, event);
  });
  pane.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    travelled += Math.abs(dx) + Math.abs(dy);
    if (down.size === 2) {
      const other = [...down.values()].find((one) => one.pointerId !== event.pointerId);
      const far = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
      zoom(far(before) / far(event));
      move(dx / 2, dy / 2, event);
    } else if (event.buttons & 6 || event.shiftKey || event.ctrlKey) move(dx, dy, event);
    else turn(dx, dy, event);
    down.set(event.pointerId, event);
  });
  const lift = (event) => {
    if (down.delete(event.pointerId) && travelled < 4 && tap) tap(event);
  };
  pane.addEventListener("pointerup", lift);
  pane.addEventListener("pointercancel", lift);
  // In a notebook the wheel scrolls the page until the picture has been touched once.
  pane.addEventListener("wheel", (event) => {
    if (!isAwake && !event.ctrlKey) return;
    event.preventDefault();
    zoom(Math.exp(0.0012 * event.deltaY * (event.deltaMode ? 20 : 1)), event);
  }, { passive: false });
}

class SolidPane {
  constructor(pane, meshes, slices) {
    this.pane = pane;
    this.slices = slices;
    const canvas = element("canvas");
    canvas.tabIndex = 0;
    canvas.setAttribute("aria-label", "model in 3-D; arrow keys turn, plus and minus zoom, 0 starts again");
    pane.append(canvas);
    this.solid = new Solid(canvas, meshes, scene.bar);
    if (!this.solid.gl) throw new Error("This picture needs WebGL 2, which this browser does not offer.");
    this.draw = eachFrame(() => this.#draw());
    this.#legend(meshes);
    this.#bar();
    this.#gizmo();
    this.scale = element("div", "scale");
    pane.append(this.scale);
    this.marks = scene.markers.map((marker) => {
      const label = element("div", "mark", marker.label);
      pane.append(label);
      return { ...marker, label };
    });
    this.#listen(canvas);
    new ResizeObserver(this.draw).observe(pane);
  }

  #listen(canvas) {
    const { solid } = this;
    const perPixel = () => (2 * solid.extent()[0]) / canvas.clientWidth;
    hands(this.pane, {
      turn: (dx, dy) => { solid.eye = turned(solid.eye, -0.45 * dx, 0.45 * dy); this.draw(); },
      move: (dx, dy) => {
        solid.target = plus(solid.target, plus(scaled(solid.eye.right, -dx * perPixel()), scaled(solid.eye.up, dy * perPixel())));
        this.draw();
      },
      zoom: (factor) => { solid.halfMm = Math.max(0.01 * solid.radius, Math.min(8 * solid.radius, solid.halfMm * factor)); this.draw(); },
    });
    this.pane.addEventListener("dblclick", () => { solid.home(); this.draw(); });
    canvas.addEventListener("keydown", (event) => {
      const turns = { ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8] };
      if (turns[event.key]) solid.eye = turned(solid.eye, ...turns[event.key]);
      else if (event.key === "+") solid.halfMm /= 1.15;
      else if (event.key === "-") solid.halfMm *= 1.15;
      else if (event.key === "0") solid.home();
      else if (SIDES[event.key.toUpperCase()]) this.#look(event.key.toUpperCase());
      else return;
      event.preventDefault();
      this.draw();
    });
  }

  #look(letter) {
    this.solid.eye = eyeOf(SIDES[letter].right, SIDES[letter].up);
    this.draw();
  }

  #legend(meshes) {
    const side = element("div", "side");
    const redraw = () => { this.draw(); this.slices?.(); };
    if (meshes.length > 1 || meshes[0].name !== "mesh") {
      for (const mesh of meshes) side.append(legendRow(mesh, redraw, true));
    }
    const kinds = new Map(meshes.flatMap((mesh) => mesh.groups.filter((group) => group.kind).map((group) => [group.kind, group.colour])));
    for (const [kind, colour] of kinds) {
      const row = element("label");
      row.append(swatch(colour), element("span", "", kind));
      side.append(row);
    }
    if (scene.markers.length) {
      const marks = element("div", "marks");
      scene.markers.forEach((marker) => {
        const button = element("button", "", `◎ ${marker.label}`);
        button.title = "turn the model to this place";
        button.addEventListener("click", () => this.face(marker));
        marks.append(button);
      });
      side.append(marks);
    }
    this.pane.append(side);
  }

  face(marker) {
    this.solid.eye = eyeTowards(minus(marker.at, this.solid.middle));
    this.draw();
    this.slices?.(marker.at);
  }

  #bar() {
    const { bar } = scene;
    if (!bar) return;
    const box = element("div", "bar");
    const strip = element("div", "ramp");
    strip.style.background = `linear-gradient(to top, ${bar.stops.join(",")})`;
    const ticks = element("div", "ticks");
    const digits = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10((bar.high - bar.low) / 2))));
    for (const share of [1, 0.75, 0.5, 0.25, 0]) {
      const value = bar.low + share * (bar.high - bar.low);
      const sign = bar.low < 0 && value > 1e-12 ? "+" : "";
      ticks.append(element("span", "", sign + value.toFixed(digits).replace("-", "−")));
    }
    box.append(element("div", "what", bar.label), strip, ticks);
    this.pane.append(box);
  }

  #gizmo() {
    const gizmo = document.createElementNS(SVG, "svg");
    gizmo.setAttribute("class", "gizmo");
    gizmo.setAttribute("viewBox", "-52 -52 104 104");
    this.letters = Object.entries(LETTERS).map(([letter, direction]) => {
      const line = document.createElementNS(SVG, "line");
      const text = document.createElementNS(SVG, "text");
      text.textContent = letter;
      const title = document.createElementNS(SVG, "title");
      title.textContent = `look from ${{ A: "the front", P: "behind", L: "the left", R: "the right", S: "above", I: "below" }[letter]}`;
      text.append(title);
      text.addEventListener("click", () => this.#look(letter));
      gizmo.append(line, text);
      return { direction, line, text };
    });
    this.pane.append(gizmo);
  }

  #draw() {
    const { solid } = this;
    if (!this.pane.clientWidth) return;
    solid.draw();
    for (const { direction, line, text } of this.letters) {
      const [x, y, near] = [dot(direction, solid.eye.right), -dot(direction, solid.eye.up), dot(direction, solid.eye.back)];
      line.setAttribute("x2", 30 * x);
      line.setAttribute("y2", 30 * y);
      text.setAttribute("x", 42 * x);
      text.setAttribute("y", 42 * y);
      // A letter that points at the person or away covers the others: it is left out.
      const flat = Math.hypot(x, y);
      text.style.opacity = flat < 0.25 ? 0 : near < -0.15 ? 0.4 : 1;
      line.style.opacity = near < -0.15 ? 0.25 : 0.8;
    }
    const perPixel = (2 * solid.extent()[0]) / this.pane.clientWidth;
    const length = niceLength(Math.min(0.28 * this.pane.clientWidth, 160) * perPixel);
    this.scale.style.width = `${length / perPixel}px`;
    this.scale.textContent = `${length} mm`;
    for (const mark of this.marks) {
      const [x, y] = solid.seen(mark.at);
      mark.label.style.left = `${x}px`;
      mark.label.style.top = `${y}px`;
      mark.label.classList.toggle("left", x > 0.66 * this.pane.clientWidth);
    }
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.marks.forEach((mark) => mark.label.classList.toggle("hidden", solid.isHidden(mark.at))), 90);
  }
}

function swatch(colour) {
  const made = element("span", "swatch");
  made.style.background = colour;
  return made;
}

function legendRow(thing, redraw, hasOpacity) {
  const row = element("label");
  const tick = element("input");
  tick.type = "checkbox";
  tick.checked = thing.isShown;
  tick.addEventListener("change", () => { thing.isShown = tick.checked; redraw(); });
  row.append(tick, swatch(thing.colour), element("span", "", thing.name));
  if (hasOpacity) {
    const slider = element("input");
    Object.assign(slider, { type: "range", min: 0.05, max: 1, step: 0.05, value: thing.opacity, title: "opacity" });
    slider.addEventListener("input", () => { thing.opacity = Number(slider.value); redraw(); });
    row.append(slider);
  }
  return row;
}

class SlicePanes {
  constructor(panes, slices, tools) {
    this.slices = slices;
    this.where = element("span", "where");
    this.draw = eachFrame(() => this.#draw());
    this.panes = PLANES.map((plane) => this.#pane(panes, plane));
    this.#tools(tools);
  }

  #pane(panes, plane) {
    const { slices } = this;
    const pane = element("div", "pane slice");
    const canvas = element("canvas");
    const slider = element("input");
    Object.assign(slider, { type: "range", min: 0, max: slices.image.dims[plane.cut] - 1, step: 1, title: `${plane.name} slice` });
    slider.addEventListener("input", () => { slices.toIndex(plane.cut, Number(slider.value)); this.draw(); });
    pane.append(canvas, slider);
    panes.append(pane);
    const go = (event) => {
      const box = canvas.getBoundingClientRect();
      slices.go(plane, canvas, event.clientX - box.left, event.clientY - box.top);
      this.draw();
    };
    hands(pane, {
      turn: (_dx, _dy, event) => go(event),
      move: (dx, dy) => { slices.width = Math.max(slices.image.step, slices.width * Math.exp(0.004 * dx)); slices.level -= 0.004 * dy * slices.width; this.#window(); },
      zoom: (factor, event) => { if (event) { slices.toIndex(plane.cut, slices.index(plane.cut) + (factor > 1 ? -1 : 1)); this.draw(); } },
      tap: go,
    });
    pane.addEventListener("dblclick", () => {
      pane.classList.toggle("large");
      panes.classList.toggle("single");
      this.draw();
    });
    new ResizeObserver(this.draw).observe(pane);
    return { plane, pane, canvas, slider };
  }

  #tools(tools) {
    const { image } = this.slices;
    this.level = this.#slider(tools, "level", image.low, image.low + 255 * image.step, (value) => { this.slices.level = value; });
    this.width = this.#slider(tools, "width", image.step, 255 * image.step, (value) => { this.slices.width = value; });
    const presets = image.unit === "HU" ? { bone: [500, 2500], "soft tissue": [40, 400], "thin bone": [150, 900] } : {};
    presets.start = [image.level, image.width];
    for (const [name, [level, width]] of Object.entries(presets)) {
      const button = element("button", "", name);
      button.addEventListener("click", () => { Object.assign(this.slices, { level, width }); this.#window(); });
      tools.append(button);
    }
    for (const mask of this.slices.masks) tools.append(legendRow(mask, this.draw, false));
    tools.append(this.where);
    this.#window();
  }

  #slider(tools, name, min, max, set) {
    const label = element("label", "", name);
    const slider = element("input");
    Object.assign(slider, { type: "range", min, max, step: "any" });
    slider.addEventListener("input", () => { set(Number(slider.value)); this.draw(); });
    label.append(slider);
    tools.append(label);
    return slider;
  }

  #window() {
    this.level.value = this.slices.level;
    this.width.value = this.slices.width;
    this.draw();
  }

  go(point) {
    if (point) point.forEach((mm, axis) => this.slices.toIndex(axis, Math.round((mm - this.slices.image.origin[axis]) / this.slices.image.spacing[axis])));
    this.draw();
  }

  #draw() {
    const { slices } = this;
    for (const { plane, pane, canvas, slider } of this.panes) {
      if (!pane.clientWidth) continue;
      slider.value = slices.index(plane.cut);
      slices.draw(plane, canvas, scene.markers);
    }
    const [x, y, z] = slices.at.map((mm) => mm.toFixed(1));
    this.where.textContent = `L ${x}  P ${y}  S ${z} mm: ${slices.value().toFixed(0)} ${slices.image.unit} · level ${slices.level.toFixed(0)}, width ${slices.width.toFixed(0)}`;
  }
}

async function main() {
  if (typeof DecompressionStream === "undefined") throw new Error("This picture needs a browser of 2023 or later.");
  const view = document.getElementById("view");
  if (scene.title) view.append(element("h1", "", scene.title));
  const meshes = await Promise.all(scene.meshes.filter((entry) => entry.nFaces).map(unpackMesh));
  const panes = element("div", "panes");
  view.append(panes);
  let slicePanes = null;
  if (scene.volume) {
    panes.classList.add(meshes.length ? "four" : "three");
    const tools = element("div", "tools");
    slicePanes = new SlicePanes(panes, await Slices.unpacked(scene.volume, meshes, scene.bar), tools);
    view.append(tools);
  }
  if (meshes.length) {
    const pane = element("div", "pane space");
    panes.append(pane);
    const solidPane = new SolidPane(pane, meshes, slicePanes ? (point) => slicePanes.go(point) : null);
    solidPane.draw();
  }
  if (scene.notes.length) view.append(element("div", "notes", scene.notes.join("; ") + "."));
  // Says to a test, and to a person with a console, that the picture stands.
  document.documentElement.dataset.ready = "yes";
}

main().catch((error) => fail(error.message));
