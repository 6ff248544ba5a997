// Meshes in 3-D: an orthographic camera, so that the scale bar is true everywhere in the picture.

const VERTEX = `#version 300 es
layout(location=0) in vec3 place; layout(location=1) in vec3 normal; layout(location=2) in float value;
uniform vec3 right, up, back, target; uniform vec2 half_mm; uniform float deep_mm;
centroid out vec3 seen_normal; centroid out vec3 seen_place; centroid out float seen_value;
void main() {
  vec3 offset = place - target;
  seen_place = vec3(dot(offset, right), dot(offset, up), dot(offset, back));
  seen_normal = vec3(dot(normal, right), dot(normal, up), dot(normal, back));
  seen_value = value;
  gl_Position = vec4(seen_place.xy / half_mm, -seen_place.z / deep_mm, 1.0);
}`;
const FRAGMENT = `#version 300 es
precision highp float;
centroid in vec3 seen_normal; centroid in vec3 seen_place; centroid in float seen_value;
uniform vec4 colour; uniform bool is_flat, has_values; uniform vec2 limits; uniform sampler2D ramp;
uniform float deep_mm;
out vec4 drawn;
void main() {
  vec3 n = is_flat || dot(seen_normal, seen_normal) == 0.0
    ? normalize(cross(dFdx(seen_place), dFdy(seen_place))) : normalize(seen_normal);
  // A needle that rounding turned over still has a normal towards the eye: not the inner side.
  bool is_inner = !is_flat && !gl_FrontFacing && n.z < 0.0;
  if (n.z < 0.0) n = is_inner || is_flat ? -n : normalize(vec3(n.xy, 0.02));
  vec3 base = colour.rgb;
  if (has_values && !isnan(seen_value))
    base = texture(ramp, vec2((clamp((seen_value - limits.x) / (limits.y - limits.x), 0.0, 1.0) * 255.0 + 0.5) / 256.0, 0.5)).rgb;
  else if (has_values) base = vec3(0.55);
  if (is_inner) base *= vec3(0.66, 0.60, 0.58);
  base = pow(base, vec3(2.2));
  float key = max(dot(n, normalize(vec3(-0.42, 0.55, 0.72))), 0.0);
  float fill = max(dot(n, normalize(vec3(0.75, 0.05, 0.55))), 0.0);
  float sky = 0.5 + 0.5 * n.y;
  vec3 light = vec3(0.80, 0.78, 0.74) * key + vec3(0.18, 0.20, 0.24) * fill + mix(vec3(0.10, 0.09, 0.09), vec3(0.24, 0.25, 0.27), sky);
  float edge = mix(0.62, 1.0, smoothstep(0.0, 0.5, n.z));
  float far = mix(0.62, 1.0, smoothstep(-0.42, 0.22, seen_place.z / deep_mm));
  float gloss = has_values ? 0.02 : 0.09;
  float shine = gloss * pow(max(dot(n, normalize(vec3(-0.22, 0.3, 0.93))), 0.0), 38.0);
  drawn = vec4(pow(base * light * edge * far + shine, vec3(1.0 / 2.2)), colour.a);
}`;

class Solid {
  constructor(canvas, meshes, bar) {
    this.canvas = canvas;
    this.gl = canvas.getContext("webgl2", { antialias: true, alpha: true, preserveDrawingBuffer: true });
    if (!this.gl) return;
    this.meshes = meshes;
    this.limits = bar ? [bar.low, bar.high] : [0, 1];
    const [low, high] = this.#bounds();
    this.target = this.middle = scaled(plus(low, high), 0.5);
    this.radius = Math.hypot(...minus(high, low)) / 2 || 1;
    this.home();
    this.#prepare(bar);
  }

  #bounds() {
    const low = [Infinity, Infinity, Infinity], high = [-Infinity, -Infinity, -Infinity];
    for (const mesh of this.meshes) {
      for (let n = 0; n < mesh.points.length; n++) {
        low[n % 3] = Math.min(low[n % 3], mesh.points[n]);
        high[n % 3] = Math.max(high[n % 3], mesh.points[n]);
      }
    }
    return [low, high];
  }

  home() {
    this.eye = turned(eyeOf([1, 0, 0], [0, 0, 1]), 26, 10);
    this.target = this.middle;
    this.halfMm = 0.86 * this.radius;
  }

  #prepare(bar) {
    const gl = this.gl;
    const program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    gl.useProgram(program);
    this.places = Object.fromEntries(["right", "up", "back", "target", "half_mm", "deep_mm", "colour", "is_flat", "has_values", "limits", "ramp"]
      .map((name) => [name, gl.getUniformLocation(program, name)]));
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    const table = bar ? ramp(bar.stops) : new Uint8Array(4 * 256);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, table);
    for (const [name, how] of [["MIN_FILTER", "LINEAR"], ["MAG_FILTER", "LINEAR"], ["WRAP_S", "CLAMP_TO_EDGE"], ["WRAP_T", "CLAMP_TO_EDGE"]]) {
      gl.texParameteri(gl.TEXTURE_2D, gl["TEXTURE_" + name], gl[how]);
    }
    for (const mesh of this.meshes) mesh.bound = this.#upload(mesh);
    gl.enable(gl.DEPTH_TEST);
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  #upload(mesh) {
    const gl = this.gl;
    const bound = gl.createVertexArray();
    gl.bindVertexArray(bound);
    for (const [at, array, size] of [[0, mesh.points, 3], [1, mesh.normals, 3], [2, mesh.values, 1]]) {
      if (!array) continue;
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ARRAY_BUFFER, array, gl.STATIC_DRAW);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, size, gl.FLOAT, false, 0, 0);
    }
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.faces, gl.STATIC_DRAW);
    return bound;
  }

  // Half of what is seen across and upwards, mm.
  extent() {
    const { clientWidth: wide, clientHeight: tall } = this.canvas;
    const least = Math.min(wide, tall) || 1;
    return [(this.halfMm * wide) / least, (this.halfMm * tall) / least];
  }

  draw() {
    const { gl, canvas, places, eye } = this;
    const dense = Math.min(window.devicePixelRatio || 1, 2);
    const [wide, tall] = [Math.round(canvas.clientWidth * dense), Math.round(canvas.clientHeight * dense)];
    if (canvas.width !== wide || canvas.height !== tall) Object.assign(canvas, { width: wide, height: tall });
    gl.viewport(0, 0, wide, tall);
    gl.clearColor(0, 0, 0, 0);
    gl.depthMask(true);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniform3fv(places.right, eye.right);
    gl.uniform3fv(places.up, eye.up);
    gl.uniform3fv(places.back, eye.back);
    gl.uniform3fv(places.target, this.target);
    gl.uniform2fv(places.half_mm, this.extent());
    gl.uniform1f(places.deep_mm, 2 * this.radius + Math.hypot(...minus(this.target, this.middle)));
    gl.uniform2fv(places.limits, this.limits);
    const shown = this.meshes.filter((mesh) => mesh.isShown && mesh.opacity > 0);
    gl.disable(gl.BLEND);
    shown.filter((mesh) => mesh.opacity >= 1).forEach((mesh) => this.#drawMesh(mesh));
    // What is seen through: far sides first, then near sides, neither hiding anything.
    gl.enable(gl.BLEND);
    gl.enable(gl.CULL_FACE);
    gl.depthMask(false);
    for (const side of [gl.FRONT, gl.BACK]) {
      gl.cullFace(side);
      shown.filter((mesh) => mesh.opacity < 1).forEach((mesh) => this.#drawMesh(mesh));
    }
    gl.disable(gl.CULL_FACE);
  }

  #drawMesh(mesh) {
    const { gl, places } = this;
    gl.bindVertexArray(mesh.bound);
    for (const group of mesh.groups) {
      const colour = channels(group.colour || mesh.colour).map((part) => part / 255);
      gl.uniform4f(places.colour, ...colour, mesh.opacity);
      gl.uniform1i(places.is_flat, group.kind ? 1 : 0);
      gl.uniform1i(places.has_values, mesh.values && !group.kind ? 1 : 0);
      gl.drawElements(gl.TRIANGLES, 3 * group.count, gl.UNSIGNED_INT, 12 * group.start);
    }
  }

  // Where a place of the patient is in the picture, in pixels of the page.
  seen(point) {
    const offset = minus(point, this.target);
    const [across, upwards] = this.extent();
    return [
      (0.5 + (0.5 * dot(offset, this.eye.right)) / across) * this.canvas.clientWidth,
      (0.5 - (0.5 * dot(offset, this.eye.up)) / upwards) * this.canvas.clientHeight,
    ];
  }

  // Whether something opaque lies between a place and the person.
  isHidden(point) {
    const { right, up, back } = this.eye;
    const clear = 0.004 * this.radius;
    for (const mesh of this.meshes) {
      if (!mesh.isShown || mesh.opacity < 1) continue;
      const { points, faces } = mesh;
      for (let f = 0; f < faces.length; f += 3) {
        const flat = [];
        let deepest = -Infinity;
        for (let c = 0; c < 3; c++) {
          const at = 3 * faces[f + c];
          const offset = [points[at] - point[0], points[at + 1] - point[1], points[at + 2] - point[2]];
          flat.push(dot(offset, right), dot(offset, up));
          deepest = Math.max(deepest, dot(offset, back));
        }
        if (deepest < clear) continue;
        const turns = [0, 2, 4].map((n) => flat[n] * flat[(n + 3) % 6] - flat[n + 1] * flat[(n + 2) % 6]);
        const area = turns[0] + turns[1] + turns[2];
        if (!area || !(turns.every((t) => t >= 0) || turns.every((t) => t <= 0))) continue;
        let depth = 0;
        for (let c = 0; c < 3; c++) {
          const at = 3 * faces[f + c];
          depth += (turns[(c + 1) % 3] / area) * dot([points[at] - point[0], points[at + 1] - point[1], points[at + 2] - point[2]], back);
        }
        if (depth > clear) return true;
      }
    }
    return false;
  }
}
