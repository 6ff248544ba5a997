"""Views: what is packed comes back, what is drawn is seen, and nothing a label says is markup.

The pictures are looked at in a real browser, Debian's Chromium without a display, by their pixels.
"""

import base64
import io
import itertools
import json
import re
import shutil
import zlib

import numpy as np
import pytest

from calvaria import FaceKind, Grid, Mask, Mesh, Volume, compare_to_image, errors, phantom, view
from calvaria.view.colours import KIND_COLOURS, colours_along, rgb
from calvaria.view.packing import pack, quantise

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]


def box(low, high, *, kinds=None):
    """A box by its corners, faces outwards; the first two faces are the lid that looks down."""
    corners = np.array(
        [
            [x, y, z]
            for z in (low[2], high[2])
            for y in (low[1], high[1])
            for x in (low[0], high[0])
        ],
        float,
    )
    faces = [
        (0, 2, 3), (0, 3, 1), (4, 5, 7), (4, 7, 6), (0, 1, 5), (0, 5, 4),
        (2, 6, 7), (2, 7, 3), (0, 4, 6), (0, 6, 2), (1, 3, 7), (1, 7, 5),
    ]  # fmt: skip
    return Mesh(vertices=corners, faces=faces, kinds=kinds)


def ball(n=24, radius=20.0, centre=(0, 0, 0)):
    """A ball of latitude and longitude."""
    lat, lon = np.linspace(0, np.pi, n + 1)[1:-1], np.arange(2 * n) * np.pi / n
    ring = np.stack(
        [
            np.outer(np.sin(lat), np.cos(lon)),
            np.outer(np.sin(lat), np.sin(lon)),
            np.outer(np.cos(lat), np.ones(2 * n)),
        ],
        axis=-1,
    ).reshape(-1, 3)
    points = np.vstack([[0, 0, 1], ring, [0, 0, -1]])
    m, rows = 2 * n, n - 1
    faces = [(0, 1 + a, 1 + (a + 1) % m) for a in range(m)]
    for r in range(rows - 1):
        for a in range(m):
            p, q = 1 + r * m + a, 1 + r * m + (a + 1) % m
            faces += [(p, p + m, q + m), (p, q + m, q)]
    last = len(points) - 1
    faces += [(last, 1 + (rows - 1) * m + (a + 1) % m, 1 + (rows - 1) * m + a) for a in range(m)]
    return Mesh(vertices=radius * points + np.array(centre, float), faces=faces)


def lopsided_volume():
    """Air with one bright block in the left, anterior, superior corner."""
    values = np.full((24, 32, 40), -1000, np.int16)
    values[16:22, 3:9, 28:36] = 1500
    affine = np.diag([2.0, 2.5, 3.0, 1.0])
    affine[:3, 3] = (-40, -40, -36)
    return Volume(values=values, grid=Grid(dims_ijk=(40, 32, 24), lps_from_ijk=affine))


def unpacked(text, dtype, columns):
    raw = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
    width = np.dtype(dtype).itemsize
    rows = np.ascontiguousarray(raw.reshape(width, -1).T).view(dtype).reshape(columns, -1).T
    return np.cumsum(rows, axis=0, dtype=dtype)


# --- what is in the page ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_what_is_packed_comes_back(dtype):
    rng = np.random.default_rng(1)
    rows = rng.integers(0, np.iinfo(dtype).max, size=(101, 3), dtype=dtype, endpoint=True)
    assert (unpacked(pack(rows), dtype, 3) == rows).all()


def test_positions_are_kept_to_a_step_of_the_extent():
    rng = np.random.default_rng(2)
    points = rng.uniform(-100, 120, (500, 3))
    numbers, low, step = quantise(points, n_steps=65535)
    assert np.abs(low + numbers * step - points).max() <= 220 / 65535 / 2 * 1.0001


def test_the_scene_holds_the_mesh_it_was_given():
    mesh = ball()
    entry = view.view_meshes(mesh).scene["meshes"][0]
    places = np.array(entry["low"]) + np.array(entry["step"]) * unpacked(
        entry["positions"], np.uint16, 3
    )
    faces = unpacked(entry["faces"], np.uint32, 1).reshape(-1, 3)
    drawn = places[faces]
    assert np.abs(drawn - mesh.vertices[mesh.faces]).max() < 40 / 65535
    assert entry["nFaces"] == len(mesh.faces)


def test_a_measured_result_colours_the_mesh_it_was_measured_on():
    mesh = ball(n=12)
    scanner = phantom.Scanner(columns=64, rows=64, spacing_xy_mm=(1.0, 1.0))
    image = phantom.scan(phantom.sphere(radius_mm=19.0), scanner=scanner)
    offsets = compare_to_image(mesh, image, n_samples=5000)
    entry = view.view_meshes(mesh, values=offsets).scene["meshes"][0]
    numbers = unpacked(entry["values"]["numbers"], np.uint16, 1)[:, 0]
    values = entry["values"]["low"] + entry["values"]["step"] * numbers[numbers < 65535]
    # The mesh has the radius of its vertices, 20 mm, there; between them it lies a little inside.
    assert len(values) > 0.9 * len(mesh.vertices)
    assert 0.6 < np.median(values) < 1.1


def test_a_large_mesh_is_decimated_and_says_so_with_its_distance():
    mesh = ball(n=60)
    shown = view.view_meshes(mesh, values=mesh.vertices[:, 2], max_triangles=2000)
    entry = shown.scene["meshes"][0]
    assert entry["nFaces"] <= 2000
    assert re.search(
        rf"{entry['nFaces']} of {len(mesh.faces)} triangles, at most \S+ mm", shown.notes[0]
    )
    # A value that is a coordinate stays that coordinate.
    numbers = unpacked(entry["values"]["numbers"], np.uint16, 1)[:, 0]
    values = entry["values"]["low"] + entry["values"]["step"] * numbers
    places = unpacked(entry["positions"], np.uint16, 3)[:, 2] * entry["step"][2] + entry["low"][2]
    assert np.abs(values - places).max() < 0.3


def test_values_of_both_signs_get_limits_alike_on_both_sides():
    bar = view.view_meshes(ball(), values=ball().vertices[:, 2] * 0.1 + 0.5).scene["bar"]
    assert bar["low"] == -bar["high"] == pytest.approx(-2.5)
    assert bar["map"] == "signed"
    one_way = view.view_meshes(ball(), values=ball().vertices[:, 2] + 30).scene["bar"]
    assert one_way["map"] == "one way"
    assert (one_way["low"], one_way["high"]) == pytest.approx((10, 50))


def test_a_page_is_whole_and_loads_nothing(tmp_path):
    picture = view.view_volume(lopsided_volume(), meshes=ball(), title="head")
    path = tmp_path / "view.html"
    picture.write_html(path)
    text = path.read_text()
    assert text == picture.to_html()
    assert not re.search(
        r'(src|href)="(?!data:)|@import|url\((?!data:)|fetch\(|XMLHttp|import\(', text
    )
    assert re.findall(r"https?://[^\s\"'<>]+", text) == ["http://www.w3.org/2000/svg"]
    assert [p.name for p in tmp_path.iterdir()] == ["view.html"]


def test_the_same_input_gives_the_same_page():
    assert view.view_meshes(ball()).to_html() == view.view_meshes(ball()).to_html()


def test_labels_are_never_markup():
    evil = "</script><img src=x onerror=alert(1)>\"'&"
    picture = view.view_volume(
        lopsided_volume(),
        meshes={evil: ball()},
        masks={evil: Mask(values=lopsided_volume().values > 0, grid=lopsided_volume().grid)},
        values={evil: ball().vertices[:, 0]},
        values_label=evil,
        markers={evil: (0, 0, 0)},
        title=evil,
    )
    page = picture.to_html()
    assert "<img src=x" not in page
    assert page.count("</script>") == 2
    scene = json.loads(re.search(r'id="scene">(.*?)</script>', page, re.DOTALL)[1])
    assert scene["title"] == evil
    assert "<img src=x" not in picture._repr_html_().split("srcdoc")[0]
    assert picture._repr_html_().count("<iframe") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": [1.0]}, "one number for each"),
        ({"values": {"other": [1.0]}}, "names of the meshes"),
        ({"colours": {"mesh": "red;}"}}, "'#rrggbb' expected"),
        ({"opacity": 1.5}, "from 0 to 1"),
        ({"markers": {"a": (1, 2)}}, "a point"),
        ({"values": np.zeros(len(ball().vertices)), "values_limits": (1, 0)}, "a low and a higher"),
    ],
)
def test_a_mistake_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        view.view_meshes(ball(), **arguments)


def test_a_mesh_without_triangles_and_a_mask_from_elsewhere_are_refused():
    with pytest.raises(ValueError, match="at least one triangle"):
        view.view_meshes({})
    other = Grid(dims_ijk=(40, 32, 24), lps_from_ijk=np.eye(4))
    with pytest.raises(errors.GeometryError, match="the grid of the volume"):
        view.view_volume(
            lopsided_volume(), masks=Mask(values=np.zeros((24, 32, 40), bool), grid=other)
        )


def test_a_large_or_oblique_image_is_laid_along_the_patient_and_says_so():
    volume = lopsided_volume()
    turn = np.deg2rad(20)
    affine = volume.grid.lps_from_ijk.copy()
    spin = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    affine[:3, :3] = spin @ affine[:3, :3]
    oblique = Volume(values=volume.values, grid=Grid(dims_ijk=(40, 32, 24), lps_from_ijk=affine))
    for image, limit in ((volume, 4000), (oblique, 6_000_000)):
        shown = view.view_volume(image, max_voxels=limit)
        entry = shown.scene["volume"]
        assert np.prod(entry["dims"]) <= limit
        assert "along the patient" in shown.notes[0]
        voxels = unpacked(entry["voxels"], np.uint8, 1).reshape(entry["dims"][::-1])
        values = entry["low"] + entry["step"] * voxels
        k, j, i = np.unravel_index(values.argmax(), values.shape)
        place = np.array(entry["origin"]) + np.array(entry["spacing"]) * (i, j, k)
        index = image.grid.ijk_from_lps_mm(place[None])[0]
        assert image.values[tuple(np.rint(index[::-1]).astype(int))] > 0


# --- what is seen ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium():
    sync_api = pytest.importorskip("playwright.sync_api")
    if BROWSER is None:
        pytest.skip("chromium is not installed")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield browser
        browser.close()


class Seen:
    """A page in the browser, and its picture as an array."""

    def __init__(self, browser, html, tmp_path, *, width=800, height=600):
        self.page = browser.new_page(viewport={"width": width, "height": height})
        self.faults, self.asked = [], []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", lambda dialog: self.faults.append(dialog.message))
        self.page.on("request", lambda request: self.asked.append(request.url))
        path = tmp_path / "seen.html"
        path.write_text(html, encoding="utf-8")
        self.page.goto(path.as_uri())

    def wait(self, frame=None):
        (frame or self.page).wait_for_selector(
            "html[data-ready=yes]", state="attached", timeout=60000
        )
        self.page.wait_for_timeout(400)
        assert not self.faults
        return self

    def pixels(self, selector=None):
        image = pytest.importorskip("matplotlib.image")
        target = self.page.locator(selector) if selector else self.page
        return np.rint(255 * image.imread(io.BytesIO(target.screenshot()))[..., :3]).astype(int)


def share(pixels, colour, tolerance=40):
    return float((np.abs(pixels - np.array(colour)).max(axis=-1) < tolerance).mean())


def is_reddish(pixels):
    return (pixels[..., 0] > pixels[..., 1] + 40) & (pixels[..., 0] > pixels[..., 2] + 40)


def is_bluish(pixels):
    return (pixels[..., 2] > pixels[..., 1] + 25) & (pixels[..., 2] > pixels[..., 0] + 40)


def test_a_ball_is_seen_as_large_as_its_scale_bar_says(chromium, tmp_path):
    seen = Seen(
        chromium, view.view_meshes({"a": ball()}, colours={"a": "#d02020"}).to_html(), tmp_path
    ).wait()
    red = is_reddish(seen.pixels(".space")[:, 200:])  # beside the legend
    across = np.flatnonzero(red.any(axis=0))
    bar = seen.page.locator(".scale")
    mm = float(bar.text_content().split()[0])
    wide_mm = (across[-1] - across[0] + 1) * mm / bar.bounding_box()["width"]
    assert wide_mm == pytest.approx(40, rel=0.03)
    assert [url for url in seen.asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_values_run_from_blue_to_red_and_up_is_superior(chromium, tmp_path):
    mesh = ball()
    html = view.view_meshes(mesh, values=mesh.vertices[:, 2], values_label="z, mm").to_html()
    seen = Seen(chromium, html, tmp_path).wait()
    pixels = seen.pixels(".space")[:, 120:680]
    rows_red = np.flatnonzero(is_reddish(pixels).any(axis=1))
    rows_blue = np.flatnonzero(is_bluish(pixels).any(axis=1))
    assert rows_red.mean() < rows_blue.mean() - 100
    assert "+20" in seen.page.locator(".ticks").text_content()


@pytest.mark.parametrize(
    "label", ["mm", "how far the mesh lies outside of the edge in the image, mm"]
)
def test_each_end_of_the_ramp_has_its_number_whatever_is_written_beside_it(
    chromium, tmp_path, label
):
    mesh = ball()
    html = view.view_meshes(mesh, values=mesh.vertices[:, 2], values_label=label).to_html()
    page = Seen(chromium, html, tmp_path).wait().page
    ramp = page.locator(".ramp").bounding_box()
    ticks = [page.locator(".ticks span").nth(n).bounding_box() for n in (0, -1)]
    ends = [box["y"] + box["height"] / 2 for box in ticks]
    assert ends == pytest.approx([ramp["y"], ramp["y"] + ramp["height"]], abs=4)


def test_a_letter_turns_the_model_to_its_side(chromium, tmp_path):
    meshes = {
        "left": ball(radius=8, centre=(25, 0, 0)),
        "right": ball(radius=8, centre=(-25, 0, 0)),
    }
    html = view.view_meshes(meshes, colours={"left": "#d02020", "right": "#2030d0"}).to_html()
    seen = Seen(chromium, html, tmp_path).wait()
    seen.page.locator(".gizmo text", has_text="A").first.click(force=True)
    seen.page.wait_for_timeout(300)
    pixels = seen.pixels(".space")
    red, blue = (np.flatnonzero(f(pixels).any(axis=0)).mean() for f in (is_reddish, is_bluish))
    assert red > blue + 200  # seen from the front the patient's left is on the right
    seen.page.locator("canvas").press("l")
    seen.page.wait_for_timeout(300)
    pixels = seen.pixels(".space")
    assert is_reddish(pixels).sum() > 2000
    assert is_bluish(pixels)[:, 200:].sum() < 50  # behind the other one


def test_dragging_turns_it_and_the_wheel_zooms(chromium, tmp_path):
    seen = Seen(
        chromium, view.view_meshes(box((-20, -5, -10), (20, 5, 10))).to_html(), tmp_path
    ).wait()
    before = seen.pixels()
    seen.page.mouse.move(400, 300)
    seen.page.mouse.down()
    seen.page.mouse.move(520, 340, steps=4)
    seen.page.mouse.up()
    seen.page.wait_for_timeout(300)
    turned = seen.pixels()
    assert (np.abs(turned - before).max(axis=-1) > 30).mean() > 0.05
    length = (
        seen.page.locator(".scale").bounding_box()["width"],
        seen.page.locator(".scale").text_content(),
    )
    seen.page.mouse.wheel(0, -600)
    seen.page.wait_for_timeout(300)
    after = (
        seen.page.locator(".scale").bounding_box()["width"],
        seen.page.locator(".scale").text_content(),
    )
    per_mm = [wide / float(text.split()[0]) for wide, text in (length, after)]
    assert per_mm[1] > 1.5 * per_mm[0]


def test_two_fingers_zoom(chromium, tmp_path):
    seen = Seen(chromium, view.view_meshes(ball()).to_html(), tmp_path).wait()
    before = seen.page.locator(".scale").text_content(), seen.page.locator(".scale").bounding_box()
    seen.page.evaluate(
        """() => { const pane = document.querySelector(".space");
        pane.setPointerCapture = () => {};
        const send = (kind, id, x, y) => pane.querySelector("canvas").dispatchEvent(new PointerEvent(kind,
          {pointerId: id, clientX: x, clientY: y, bubbles: true, pointerType: "touch", buttons: 1}));
        send("pointerdown", 1, 350, 300); send("pointerdown", 2, 450, 300);
        for (let n = 1; n <= 10; n++) send("pointermove", 2, 450 + 10 * n, 300);
        send("pointerup", 1, 350, 300); send("pointerup", 2, 550, 300); }"""
    )
    seen.page.wait_for_timeout(300)
    after = seen.page.locator(".scale").text_content(), seen.page.locator(".scale").bounding_box()
    per_mm = [box["width"] / float(text.split()[0]) for text, box in (before, after)]
    assert per_mm[1] == pytest.approx(2 * per_mm[0], rel=0.05)


def test_lids_have_their_colour_and_a_clear_mesh_shows_what_is_in_it(chromium, tmp_path):
    kinds = [FaceKind.CAP] * 2 + [FaceKind.SURFACE] * 10
    meshes = {
        "shell": box((-20, -20, -20), (20, 20, 20), kinds=kinds),
        "core": ball(radius=9),
    }
    html = view.view_meshes(meshes, opacity={"shell": 0.3}, colours={"core": "#2030d0"}).to_html()
    seen = Seen(chromium, html, tmp_path).wait()
    assert is_bluish(seen.pixels(".space")).sum() > 3000
    assert "lid where the image ends" in seen.page.locator(".side").text_content()
    seen.page.locator(".side input[type=checkbox]").nth(1).uncheck()
    seen.page.locator("canvas").press("i")
    seen.page.wait_for_timeout(300)
    pixels = seen.pixels(".space")
    assert is_bluish(pixels[:, 200:]).sum() < 100
    assert (pixels[..., 0] > pixels[..., 1] + 15).sum() > 20000  # the lid looks down


def test_a_marker_is_written_and_dimmed_behind_the_model(chromium, tmp_path):
    markers = {"near": (0, -20, 0), "far": (0, 20, 0)}
    seen = Seen(chromium, view.view_meshes(ball(), markers=markers).to_html(), tmp_path).wait()
    assert "hidden" not in seen.page.locator(".mark", has_text="near").get_attribute("class")
    assert "hidden" in seen.page.locator(".mark", has_text="far").get_attribute("class")
    seen.page.locator(".marks button", has_text="far").click()
    seen.page.wait_for_timeout(400)
    assert "hidden" not in seen.page.locator(".mark", has_text="far").get_attribute("class")


def test_slices_show_the_block_where_it_is_with_its_contour(chromium, tmp_path):
    volume = lopsided_volume()
    # The block in LPS: i 28-35, j 3-8, k 16-21, half a voxel further on each side.
    low = volume.grid.lps_mm_from_ijk([[27.5, 2.5, 15.5]])[0]
    high = volume.grid.lps_mm_from_ijk([[35.5, 8.5, 21.5]])[0]
    middle = (low + high) / 2
    html = view.view_volume(
        volume,
        meshes={"block": box(low, high)},
        colours={"block": "#00e000"},
        markers={"m": middle},
    ).to_html()
    seen = Seen(chromium, html, tmp_path, width=1000, height=800).wait()
    seen.page.locator(".marks button").click()  # takes the slices there
    seen.page.wait_for_timeout(300)
    panes = seen.page.locator(".slice canvas")
    places = {}
    for n, name in enumerate(("axial", "sagittal", "coronal")):
        image = pytest.importorskip("matplotlib.image")
        pixels = np.rint(255 * image.imread(io.BytesIO(panes.nth(n).screenshot()))[..., :3])
        bright = (pixels.min(axis=-1) > 200)[30:-40, 30:-60]
        green = ((pixels[..., 1] > pixels[..., 0] + 90) & (pixels[..., 1] > pixels[..., 2] + 90))[
            30:-40, 30:-60
        ]
        assert bright.sum() > 500
        rows, columns = np.nonzero(green)
        inside = np.zeros_like(bright)
        inside[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
        # The bright block fills its contour, and lies nowhere else.
        assert bright[inside].mean() > 0.6
        assert (bright & ~inside).sum() < 60
        places[name] = (rows.mean() / len(green), columns.mean() / green.shape[1])
    assert places["axial"][0] < 0.4  # anterior is up
    assert places["axial"][1] > 0.6  # left is on the right
    assert places["coronal"][0] < 0.4  # superior is up
    assert places["coronal"][1] > 0.6
    assert places["sagittal"][1] < 0.4  # anterior is on the left
    assert "HU" in seen.page.locator(".where").text_content()


def test_level_and_width_change_the_grey(chromium, tmp_path):
    volume = lopsided_volume()
    flat = Volume(values=np.full_like(volume.values, 100), grid=volume.grid)
    seen = Seen(chromium, view.view_volume(flat).to_html(), tmp_path).wait()
    dark = np.median(seen.pixels(".slice >> nth=0"))
    seen.page.get_by_role("button", name="soft tissue").click()
    seen.page.wait_for_timeout(300)
    light = np.median(seen.pixels(".slice >> nth=0"))
    # 100 HU at 500/2500 is 34 % grey, at 40/400 it is 65 %, each to a step of 14 HU.
    assert dark == pytest.approx(0.34 * 255, abs=4)
    assert light == pytest.approx(0.65 * 255, abs=10)


def test_a_view_survives_a_notebook_that_became_a_page(chromium, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbconvert = pytest.importorskip("nbconvert")
    shown = view.view_meshes(ball(), colours={"mesh": "#d02020"})
    cell = nbformat.v4.new_code_cell("view", outputs=[
        nbformat.v4.new_output("execute_result", {"text/html": shown._repr_html_(), "text/plain": "View"})
    ])  # fmt: skip
    book = nbformat.v4.new_notebook(cells=[cell])
    html, _ = nbconvert.HTMLExporter(template_name="basic").from_notebook_node(book)
    seen = Seen(chromium, f"<!doctype html><body>{html}</body>", tmp_path)
    frame = seen.page.wait_for_selector("iframe").content_frame()
    seen.wait(frame)
    live = seen.pixels("iframe")
    assert is_reddish(live).sum() > 20000
    # The corner with the letters is only in the live one.
    assert frame.locator(".gizmo text").count() == 6
    assert not [url for url in seen.asked if url.startswith("http")]


def test_where_scripts_are_not_allowed_the_still_picture_stands(chromium, tmp_path):
    shown = view.view_meshes(ball(), colours={"mesh": "#d02020"})
    stripped = re.sub(r"<iframe.*?</iframe>", "", shown._repr_html_(), flags=re.DOTALL)
    seen = Seen(chromium, f"<!doctype html><body>{stripped}</body>", tmp_path)
    seen.page.wait_for_timeout(200)
    assert is_reddish(seen.pixels()).sum() > 20000


def test_a_label_runs_no_script(chromium, tmp_path):
    evil = '</script><img src=x onerror="alert(1)">'
    picture = view.view_volume(
        lopsided_volume(), meshes={evil: ball()}, markers={evil: (0, 0, 0)}, title=evil,
        values={evil: ball().vertices[:, 0]}, values_label=evil,
    )  # fmt: skip
    seen = Seen(chromium, picture.to_html(), tmp_path).wait()
    assert seen.page.locator("img[src=x]").count() == 0
    assert evil in seen.page.locator("h1").text_content()


def test_on_a_phone_the_panes_stand_below_each_other(chromium, tmp_path):
    picture = view.view_volume(lopsided_volume(), meshes=ball())
    seen = Seen(chromium, picture.to_html(), tmp_path, width=390, height=800).wait()
    boxes = [seen.page.locator(".pane").nth(n).bounding_box() for n in range(4)]
    assert all(a["y"] + a["height"] <= b["y"] + 3 for a, b in itertools.pairwise(boxes))
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_still_picture_has_the_colours_of_the_live_one():
    matplotlib = pytest.importorskip("matplotlib.image")
    mesh = ball()
    shown = view.view_meshes(mesh, values=mesh.vertices[:, 2])
    pixels = np.rint(255 * matplotlib.imread(io.BytesIO(shown.still_png))[..., :3]).astype(int)
    assert (
        is_reddish(pixels)[: len(pixels) // 2].sum()
        > 5 * is_reddish(pixels)[len(pixels) // 2 :].sum()
    )
    lower = pixels[len(pixels) // 2 :].reshape(-1, 3)
    lower = lower[lower.min(axis=1) < 250]
    assert np.median(lower[:, 2] - lower[:, 0]) > 10  # blue, in the shade
    assert share(pixels, (255, 255, 255), 3) > 0.1
    for kind in (FaceKind.CAP, FaceKind.CUT, FaceKind.FILLED):  # as in the report and in a 3MF file
        assert rgb(KIND_COLOURS[kind]) == kind.colour_rgb
    assert colours_along("signed", np.array([0.5])).tolist() == [[244, 241, 234]]
