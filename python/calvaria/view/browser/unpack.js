// Text back into arrays: what packing.py packed.

async function inflate(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Byte planes of differences, one column after the other, into columns of whole numbers.
async function unpack(text, Type, columns) {
  const bytes = await inflate(text);
  const width = Type.BYTES_PER_ELEMENT;
  const n = bytes.length / width;
  const rows = n / columns;
  const out = Array.from({ length: columns }, () => new Type(rows));
  for (let c = 0; c < columns; c++) {
    const column = out[c];
    let last = 0;
    for (let r = 0; r < rows; r++) {
      let step = 0;
      for (let b = width - 1; b >= 0; b--) step = step * 256 + bytes[b * n + c * rows + r];
      column[r] = last + step; // modulo the size of the type
      last = column[r];
    }
  }
  return out;
}

const NO_VALUE = 65535;

async function unpackMesh(entry) {
  const columns = await unpack(entry.positions, Uint16Array, 3);
  const points = new Float32Array(3 * entry.nVertices);
  for (let c = 0; c < 3; c++) {
    for (let n = 0; n < entry.nVertices; n++) {
      points[3 * n + c] = entry.low[c] + entry.step[c] * columns[c][n];
    }
  }
  const faces = (await unpack(entry.faces, Uint32Array, 1))[0];
  let values = null;
  if (entry.values) {
    const numbers = (await unpack(entry.values.numbers, Uint16Array, 1))[0];
    values = Float32Array.from(numbers, (number) =>
      number === NO_VALUE ? NaN : entry.values.low + entry.values.step * number);
  }
  return { ...entry, points, faces, values, normals: normalsOf(entry, points, faces), isShown: entry.opacity > 0 };
}

// Smooth normals of what was imaged; lids are flat and are shaded by their own faces.
function normalsOf(entry, points, faces) {
  const normals = new Float32Array(points.length);
  for (const group of entry.groups) {
    if (group.kind) continue;
    for (let f = 3 * group.start; f < 3 * (group.start + group.count); f += 3) {
      const [a, b, c] = [3 * faces[f], 3 * faces[f + 1], 3 * faces[f + 2]];
      const ux = points[b] - points[a], uy = points[b + 1] - points[a + 1], uz = points[b + 2] - points[a + 2];
      const vx = points[c] - points[a], vy = points[c + 1] - points[a + 1], vz = points[c + 2] - points[a + 2];
      const nx = uy * vz - uz * vy, ny = uz * vx - ux * vz, nz = ux * vy - uy * vx;
      for (const corner of [a, b, c]) {
        normals[corner] += nx;
        normals[corner + 1] += ny;
        normals[corner + 2] += nz;
      }
    }
  }
  return normals;
}

function channels(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

// 256 colours of a map, red, green, blue, opaque.
function ramp(stops) {
  const table = new Uint8Array(4 * 256);
  const known = stops.map(channels);
  for (let n = 0; n < 256; n++) {
    const place = (n / 255) * (known.length - 1);
    const left = Math.min(Math.floor(place), known.length - 2);
    for (let c = 0; c < 3; c++) {
      table[4 * n + c] = Math.round(known[left][c] + (place - left) * (known[left + 1][c] - known[left][c]));
    }
    table[4 * n + 3] = 255;
  }
  return table;
}

// The longest bar of 1, 2 or 5 times a power of ten that fits.
function niceLength(most) {
  const decade = 10 ** Math.floor(Math.log10(most));
  return Math.max(...[1, 2, 5].map((step) => step * decade).filter((length) => length <= most));
}

function element(tag, kind, text) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text; // never as markup
  return made;
}
