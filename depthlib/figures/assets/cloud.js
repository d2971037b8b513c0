// Point clouds on a 2D canvas with a depth buffer. Clouds of one figure turn
// together. Everything needed is in the canvas's data-cloud attribute.
document.querySelectorAll(".dl-cloud:not([data-ready])").forEach((figure) => {
  figure.dataset.ready = "yes";
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const view = { yaw: 0, pitch: 0, zoom: 1 };
  const clouds = [...figure.querySelectorAll("canvas")].map((canvas) => {
    const c = JSON.parse(canvas.dataset.cloud);
    const xyz = new Int16Array(bytes(c.xyz).buffer);
    const points = Float32Array.from(xyz, (v) => (v / 32767) * c.reach);
    return { ...c, canvas, points, rgb: bytes(c.rgb) };
  });

  const draw = (cloud) => {
    const { canvas, points, rgb, middle, size, focal, aspect } = cloud;
    const scale = Math.min(window.devicePixelRatio || 1, 2);
    const w = Math.round((canvas.clientWidth || 480) * scale);
    const h = Math.round(w / aspect);
    if (canvas.width !== w) [canvas.width, canvas.height] = [w, h];
    const context = canvas.getContext("2d");
    const picture = context.createImageData(w, h);
    const near = new Float32Array(w * h).fill(Infinity);
    const [cy, sy] = [Math.cos(view.yaw), Math.sin(view.yaw)];
    const [cp, sp] = [Math.cos(view.pitch), Math.sin(view.pitch)];
    const f = focal * w * view.zoom;
    const [u0, v0] = [cloud.centre[0] * w, cloud.centre[1] * h];
    for (let i = 0; i < points.length; i += 3) {
      // Turn about the middle of the scene: first yaw, then pitch.
      const x = cy * points[i] + sy * points[i + 2];
      const q = cy * points[i + 2] - sy * points[i];
      const y = cp * points[i + 1] - sp * q;
      const z = sp * points[i + 1] + cp * q + middle[2];
      if (z < 0.05) continue;
      // A point covers the patch of surface that its pixel saw, and a little
      // more, which closes the gaps when the patch is seen from the front.
      const depth = points[i + 2] + middle[2];
      const side = Math.max(1, Math.ceil((1.4 * f * size * depth) / z));
      const left = Math.round((f * x) / z + u0 - side / 2);
      const top = Math.round((f * y) / z + v0 - side / 2);
      const right = Math.min(left + side, w);
      const bottom = Math.min(top + side, h);
      for (let r = Math.max(top, 0); r < bottom; r++) {
        for (let k = Math.max(left, 0); k < right; k++) {
          const at = r * w + k;
          if (z >= near[at]) continue;
          near[at] = z;
          picture.data.set(rgb.subarray(i, i + 3), at * 4);
          picture.data[at * 4 + 3] = 255;
        }
      }
    }
    context.putImageData(picture, 0, 0);
  };

  let waiting = false;
  const redraw = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => ((waiting = false), clouds.forEach(draw)));
  };
  let touched = false;
  const turn = (yaw, pitch, zoom = 1) => {
    touched = true;
    view.yaw = Math.max(-1.5, Math.min(1.5, view.yaw + yaw));
    view.pitch = Math.max(-1.5, Math.min(1.5, view.pitch + pitch));
    view.zoom = Math.max(0.3, Math.min(6, view.zoom * zoom));
    redraw();
  };
  const keys = {
    ArrowLeft: () => turn(-0.08, 0),
    ArrowRight: () => turn(0.08, 0),
    ArrowUp: () => turn(0, -0.08),
    ArrowDown: () => turn(0, 0.08),
    "+": () => turn(0, 0, 1.1),
    "=": () => turn(0, 0, 1.1),
    "-": () => turn(0, 0, 1 / 1.1),
    0: () => turn(-view.yaw, -view.pitch, 1 / view.zoom),
  };

  clouds.forEach(({ canvas }) => {
    const fingers = new Map();
    const spread = () => {
      const [a, b] = [...fingers.values()];
      return Math.hypot(a.x - b.x, a.y - b.y);
    };
    canvas.addEventListener("pointerdown", (e) => {
      canvas.setPointerCapture(e.pointerId);
      fingers.set(e.pointerId, { x: e.clientX, y: e.clientY });
    });
    canvas.addEventListener("pointermove", (e) => {
      const from = fingers.get(e.pointerId);
      if (!from) return;
      const to = { x: e.clientX, y: e.clientY };
      const before = fingers.size === 2 ? spread() : 1;
      fingers.set(e.pointerId, to);
      if (fingers.size === 2) turn(0, 0, spread() / before);
      else turn((to.x - from.x) / 150, (from.y - to.y) / 150);
    });
    for (const end of ["pointerup", "pointercancel"])
      canvas.addEventListener(end, (e) => fingers.delete(e.pointerId));
    canvas.addEventListener("keydown", (e) => {
      if (!keys[e.key]) return;
      e.preventDefault();
      keys[e.key]();
    });
    canvas.addEventListener(
      "wheel",
      (e) => {
        if (document.activeElement !== canvas) return;
        e.preventDefault();
        turn(0, 0, Math.exp(-e.deltaY / 500));
      },
      { passive: false }
    );
    new ResizeObserver(redraw).observe(canvas);
  });

  // The cloud turns a little when it first comes into view, which shows that
  // it can be turned; readers who want less motion find it turned.
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const watch = new IntersectionObserver((entries) => {
    if (!entries.some((e) => e.isIntersecting)) return;
    watch.disconnect();
    const began = performance.now() + 400;
    const reveal = (now) => {
      const t = still ? 1 : Math.min(Math.max((now - began) / 1500, 0), 1);
      if (touched) return;
      const part = t * t * (3 - 2 * t);
      view.yaw = 0.35 * part;
      view.pitch = 0.12 * part;
      view.zoom = 1 - 0.12 * part;
      redraw();
      if (t < 1) requestAnimationFrame(reveal);
    };
    requestAnimationFrame(reveal);
  });
  watch.observe(figure);
});
