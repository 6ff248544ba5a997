// Slices in three planes of the patient, as radiologists see them, with contours on them.

const PLANES = [
  { name: "axial", cut: 2, across: 0, down: 1, turn: 1, letters: ["R", "L", "A", "P"] },
  { name: "sagittal", cut: 0, across: 1, down: 2, turn: -1, letters: ["A", "P", "S", "I"] },
  { name: "coronal", cut: 1, across: 0, down: 2, turn: -1, letters: ["R", "L", "S", "I"] },
];

class Slices {
  constructor(image, meshes, bar) {
    Object.assign(this, { image, meshes, bar, level: image.level, width: image.width });
    this.table = bar ? ramp(bar.stops) : null;
    this.at = [0, 1, 2].map((axis) => image.origin[axis] + image.spacing[axis] * Math.floor((image.dims[axis] - 1) / 2));
    this.masks = image.masks.map((mask) => ({ ...mask, isShown: true, rgb: channels(mask.colour) }));
  }

  static async unpacked(entry, meshes, bar) {
    const image = { ...entry, voxels: (await unpack(entry.voxels, Uint8Array, 1))[0] };
    image.masks = await Promise.all(entry.masks.map(async (mask) => ({ ...mask, voxels: (await unpack(mask.voxels, Uint8Array, 1))[0] })));
    return new Slices(image, meshes, bar);
  }

  index(axis) {
    const { origin, spacing, dims } = this.image;
    return Math.max(0, Math.min(dims[axis] - 1, Math.round((this.at[axis] - origin[axis]) / spacing[axis])));
  }

  toIndex(axis, number) {
    this.at[axis] = this.image.origin[axis] + this.image.spacing[axis] * Math.max(0, Math.min(this.image.dims[axis] - 1, number));
  }

  span(axis) {
    return this.image.dims[axis] * this.image.spacing[axis];
  }

  value() {
    const [i, j, k] = [0, 1, 2].map((axis) => this.index(axis));
    const [nx, ny] = this.image.dims;
    return this.image.low + this.image.step * this.image.voxels[(k * ny + j) * nx + i];
  }

  // Pixels of one plane, rows from top to bottom.
  pixels(plane) {
    const { dims, voxels, low, step } = this.image;
    const strides = [1, dims[0], dims[0] * dims[1]];
    const [wide, tall] = [dims[plane.across], dims[plane.down]];
    const start = this.index(plane.cut) * strides[plane.cut];
    const greys = new Uint8ClampedArray(256);
    for (let n = 0; n < 256; n++) greys[n] = 255 * ((low + step * n - this.level) / this.width + 0.5);
    const picture = new ImageData(wide, tall);
    const masks = this.masks.filter((mask) => mask.isShown);
    for (let row = 0; row < tall; row++) {
      const line = start + (plane.turn > 0 ? row : tall - 1 - row) * strides[plane.down];
      for (let column = 0; column < wide; column++) {
        const voxel = line + column * strides[plane.across];
        const grey = greys[voxels[voxel]];
        const rgb = [grey, grey, grey];
        for (const mask of masks) {
          if (mask.voxels[voxel]) for (let c = 0; c < 3; c++) rgb[c] = 0.62 * rgb[c] + 0.38 * mask.rgb[c];
        }
        const at = 4 * (row * wide + column);
        picture.data[at] = rgb[0];
        picture.data[at + 1] = rgb[1];
        picture.data[at + 2] = rgb[2];
        picture.data[at + 3] = 255;
      }
    }
    return picture;
  }

  // Where a plane cuts the meshes: lines by colour, in mm across and down from the upper left corner.
  lines(plane) {
    const byColour = new Map();
    const { origin, spacing } = this.image;
    // A hair beside the samples, so that no vertex lies on the plane.
    const height = this.at[plane.cut] + 1e-4 * spacing[plane.cut];
    const left = origin[plane.across] - spacing[plane.across] / 2;
    const top = plane.turn > 0 ? origin[plane.down] - spacing[plane.down] / 2 : origin[plane.down] - spacing[plane.down] / 2 + this.span(plane.down);
    for (const mesh of this.meshes) {
      if (!mesh.isShown) continue;
      const { points, faces, values } = mesh;
      for (let f = 0; f < faces.length; f += 3) {
        const corners = [faces[f], faces[f + 1], faces[f + 2]];
        const above = corners.map((corner) => points[3 * corner + plane.cut] > height);
        if (above[0] === above[1] && above[1] === above[2]) continue;
        const ends = [];
        let value = 0;
        for (let c = 0; c < 3; c++) {
          const d = (c + 1) % 3;
          if (above[c] === above[d]) continue;
          const [a, b] = [3 * corners[c], 3 * corners[d]];
          const share = (height - points[a + plane.cut]) / (points[b + plane.cut] - points[a + plane.cut]);
          ends.push(points[a + plane.across] + share * (points[b + plane.across] - points[a + plane.across]) - left);
          ends.push(plane.turn * (points[a + plane.down] + share * (points[b + plane.down] - points[a + plane.down]) - top));
          if (values) value += 0.5 * (values[corners[c]] + share * (values[corners[d]] - values[corners[c]]));
        }
        const colour = values && this.table ? this.#colourOf(value) : mesh.line;
        if (!byColour.has(colour)) byColour.set(colour, []);
        byColour.get(colour).push(ends);
      }
    }
    return byColour;
  }

  #colourOf(value) {
    if (Number.isNaN(value)) return "#8c8c8c";
    const share = Math.max(0, Math.min(1, (value - this.bar.low) / (this.bar.high - this.bar.low)));
    const at = 4 * 8 * Math.round((share * 255) / 8 - 0.01);
    return `rgb(${this.table[at]},${this.table[at + 1]},${this.table[at + 2]})`;
  }

  // Pixels of the page for a millimetre, and the upper left corner of the plane.
  frame(plane, canvas) {
    const [across, down] = [this.span(plane.across), this.span(plane.down)];
    const scale = Math.min(canvas.clientWidth / across, canvas.clientHeight / down);
    return { scale, across, down, left: (canvas.clientWidth - across * scale) / 2, top: (canvas.clientHeight - down * scale) / 2 };
  }

  draw(plane, canvas, markers) {
    const dense = Math.min(window.devicePixelRatio || 1, 2);
    Object.assign(canvas, { width: canvas.clientWidth * dense, height: canvas.clientHeight * dense });
    const pen = canvas.getContext("2d");
    const { scale, across, down, left, top } = this.frame(plane, canvas);
    const picture = this.pixels(plane);
    const sheet = new OffscreenCanvas(picture.width, picture.height);
    sheet.getContext("2d").putImageData(picture, 0, 0);
    pen.scale(dense, dense);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(sheet, left, top, across * scale, down * scale);
    pen.lineWidth = 1.6;
    pen.lineCap = "round";
    for (const [colour, lines] of this.lines(plane)) {
      pen.strokeStyle = colour;
      pen.beginPath();
      for (const [x, y, u, v] of lines) {
        pen.moveTo(left + x * scale, top + y * scale);
        pen.lineTo(left + u * scale, top + v * scale);
      }
      pen.stroke();
    }
    this.#cross(pen, plane, canvas);
    for (const marker of markers) this.#mark(pen, plane, canvas, marker);
    this.#write(pen, plane, canvas, scale);
  }

  // A place of the patient in pixels of a plane.
  seen(plane, canvas, point) {
    const { scale, left, top } = this.frame(plane, canvas);
    const { origin, spacing } = this.image;
    const x = point[plane.across] - origin[plane.across] + spacing[plane.across] / 2;
    const y = point[plane.down] - origin[plane.down] + spacing[plane.down] / 2;
    return [left + x * scale, top + (plane.turn > 0 ? y : this.span(plane.down) - y) * scale];
  }

  // Pixels of a plane back to the patient; moves the other two planes there.
  go(plane, canvas, x, y) {
    const { scale, left, top } = this.frame(plane, canvas);
    const { spacing } = this.image;
    const across = (x - left) / scale, down = (y - top) / scale;
    this.toIndex(plane.across, Math.round((across - spacing[plane.across] / 2) / spacing[plane.across]));
    const from = plane.turn > 0 ? down : this.span(plane.down) - down;
    this.toIndex(plane.down, Math.round((from - spacing[plane.down] / 2) / spacing[plane.down]));
  }

  #cross(pen, plane, canvas) {
    const [x, y] = this.seen(plane, canvas, this.at);
    pen.strokeStyle = "rgba(120,200,255,.55)";
    pen.lineWidth = 1;
    pen.beginPath();
    for (const [a, b, c, d] of [[x, 0, x, y - 9], [x, y + 9, x, canvas.clientHeight], [0, y, x - 9, y], [x + 9, y, canvas.clientWidth, y]]) {
      pen.moveTo(a, b);
      pen.lineTo(c, d);
    }
    pen.stroke();
  }

  #mark(pen, plane, canvas, marker) {
    if (Math.abs(marker.at[plane.cut] - this.at[plane.cut]) > 1.01 * this.image.spacing[plane.cut]) return;
    const [x, y] = this.seen(plane, canvas, marker.at);
    pen.strokeStyle = "#ffd400";
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(x, y, 8, 0, 7);
    pen.stroke();
    this.#text(pen, marker.label, x + 12, y, "left");
  }

  #write(pen, plane, canvas, scale) {
    const [wide, tall] = [canvas.clientWidth, canvas.clientHeight];
    const places = [[12, tall / 2], [wide - 34, tall / 2], [wide / 2, 14], [wide / 2, tall - 12]];
    plane.letters.forEach((letter, n) => this.#text(pen, letter, ...places[n], "center", "bold 15px"));
    const where = "xyz"[plane.cut];
    this.#text(pen, `${plane.name}  ${where} = ${this.at[plane.cut].toFixed(1)} mm`, 10, wide < 420 ? 32 : 14, "left");
    const length = niceLength((0.3 * wide) / scale);
    pen.fillStyle = "#fff";
    pen.fillRect(10, tall - 12, length * scale, 3);
    this.#text(pen, `${length} mm`, 10, tall - 22, "left");
  }

  #text(pen, text, x, y, side, font = "12px") {
    pen.font = `${font} system-ui, sans-serif`;
    pen.textAlign = side;
    pen.textBaseline = "middle";
    pen.lineWidth = 3;
    pen.strokeStyle = "rgba(0,0,0,.75)";
    pen.strokeText(text, x, y);
    pen.fillStyle = "#fff";
    pen.fillText(text, x, y);
  }
}
