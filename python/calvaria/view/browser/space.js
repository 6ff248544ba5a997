// Directions of the patient (LPS: x to the Left, y to Posterior, z to Superior), and turning in them.

const SIDES = {
  A: { name: "front", right: [1, 0, 0], up: [0, 0, 1] },
  P: { name: "back", right: [-1, 0, 0], up: [0, 0, 1] },
  L: { name: "left", right: [0, 1, 0], up: [0, 0, 1] },
  R: { name: "right", right: [0, -1, 0], up: [0, 0, 1] },
  S: { name: "above", right: [-1, 0, 0], up: [0, -1, 0] },
  I: { name: "below", right: [1, 0, 0], up: [0, -1, 0] },
};
const LETTERS = { L: [1, 0, 0], R: [-1, 0, 0], P: [0, 1, 0], A: [0, -1, 0], S: [0, 0, 1], I: [0, 0, -1] };

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const scaled = (a, f) => [a[0] * f, a[1] * f, a[2] * f];
const plus = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const unit = (a) => scaled(a, 1 / (Math.hypot(...a) || 1));

// The eye: what runs right and up on the screen, and towards the person, in the patient.
function eyeOf(right, up) {
  const back = unit(cross(right, up));
  const level = unit(right);
  return { right: level, up: cross(back, level), back };
}

function turned(eye, acrossDeg, upDeg) {
  const [a, b] = [(acrossDeg * Math.PI) / 180, (upDeg * Math.PI) / 180];
  let right = plus(scaled(eye.right, Math.cos(a)), scaled(eye.back, -Math.sin(a)));
  let back = plus(scaled(eye.back, Math.cos(a)), scaled(eye.right, Math.sin(a)));
  const up = plus(scaled(eye.up, Math.cos(b)), scaled(back, -Math.sin(b)));
  return eyeOf(right, up);
}

// An eye that looks at a place from outside, as upright as can be.
function eyeTowards(direction) {
  const back = unit(direction);
  const upright = Math.abs(back[2]) > 0.95 ? [0, -1, 0] : [0, 0, 1];
  const right = unit(cross(upright, back));
  return { right, up: cross(back, right), back };
}
