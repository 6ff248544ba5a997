//! Slender members: bridges between two bodies and pins on one, with their width and length.
//!
//! Faces at thin vertices are grouped. In each group the distance along the surface from one end is taken,
//! and lines of equal distance are drawn; where such a line is closed and runs round material it shows a
//! cross-section. A thin sheet has no such line, a member has them all along.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::groups::{Group, area, groups};
use super::normals::vertex_normals;
use super::rings::{Section, area_vector, centre, section};
use super::sides::BROAD;
use crate::mesh::MeshRef;
use crate::mesh::section::{LevelLine, level_lines};

/// Lines that are drawn along a group: at least so many, at most so many, and else two to a limit.
const LINES: (f64, f64) = (48.0, 400.0);
/// Width of a section, as parts of the thickness that its walls have: less is the top of a bump, more runs
/// round a hole.
const OF_THICKNESS: (f64, f64) = (0.7, 2.0);
/// Sections that follow each other before they make a member.
const LEAST_SECTIONS: usize = 3;
/// A section this many times as broad as the limit is a wall, not a member.
const BROADEST: f64 = 8.0;
/// A section may be wider than the limit by this factor: its corners are.
const SLACK: f64 = 1.1;
/// Mean cosine between normals and the way out from the middle from which on a line runs round material.
const ROUND: f64 = 0.4;
/// Mean cosine between normals and the axis of a line up to which it is one.
const TILTED: f64 = 0.6;

/// One slender member.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Whether both ends lead into something thicker.
    pub is_bridge: bool,
    /// Its narrowest cross-section.
    pub narrowest: Section,
    /// Middle of the narrowest cross-section, LPS mm.
    pub place: [f64; 3],
    /// From end to end along its middle, mm.
    pub length_mm: f64,
    /// Its faces, ascending.
    pub faces: Vec<u32>,
}

/// Members narrower than a limit, by the thickness at every vertex; narrowest first.
pub fn members(mesh: MeshRef<'_>, thickness: &[f64], below: f64, min_area_mm2: f64) -> Vec<Member> {
    let normals = vertex_normals(mesh);
    let mut found: Vec<Member> = groups(mesh, thickness, below)
        .into_par_iter()
        .filter(|faces| area(mesh, faces) >= min_area_mm2)
        .flat_map_iter(|faces| in_group(mesh, &normals, thickness, faces, below))
        .collect();
    found.retain(|member| area(mesh, &member.faces) >= min_area_mm2);
    found.sort_by(|a, b| {
        a.narrowest.width_mm.total_cmp(&b.narrowest.width_mm).then_with(|| a.faces.cmp(&b.faces))
    });
    found
}

/// A closed line round material.
struct Ring {
    level: f64,
    centre: Vector3<f64>,
    points: Vec<[f64; 3]>,
    /// Own number of a vertex just beyond it.
    beyond: u32,
    /// How thick its walls are.
    thickness: f64,
}

fn in_group(
    mesh: MeshRef<'_>,
    normals: &[Vector3<f64>],
    thickness: &[f64],
    faces: Vec<u32>,
    below: f64,
) -> Vec<Member> {
    let group = Group::new(mesh, faces);
    // From a rim; without one, from an end.
    let from = match group.rims.first() {
        Some(rim) => rim.clone(),
        None => vec![group.farthest(&group.distances(&[0]))],
    };
    let distances = group.distances(&from);
    let reach = distances[group.farthest(&distances) as usize];
    if reach <= 0.0 {
        return Vec::new();
    }
    let step = reach / (2.0 * reach / below).clamp(LINES.0, LINES.1).round();
    let rings = rings(&group, normals, thickness, &distances, step, reach);
    let sections: Vec<Option<Section>> = (0..rings.len()).map(|n| ring_section(&rings, n, below)).collect();
    runs(&rings, &sections, step)
        .into_iter()
        .filter(|run| run.len() >= LEAST_SECTIONS)
        .filter_map(|run| of_run(&group, &distances, &rings, &sections, &run))
        .collect()
}

/// Rings with a section that follow each other, as numbers of rings.
fn runs(rings: &[Ring], sections: &[Option<Section>], step: f64) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for (n, ring) in rings.iter().enumerate().filter(|&(n, _)| sections[n].is_some()) {
        let follows = |run: &&mut Vec<usize>| {
            run.last().is_some_and(|&last| {
                let up = ring.level - rings[last].level;
                up > 0.0 && up < 2.5 * step && (ring.centre - rings[last].centre).norm() < 1.5 * up + step
            })
        };
        let nearest = runs.iter_mut().filter(follows).min_by(|a, b| {
            let far = |run: &[usize]| {
                run.last().map_or(f64::INFINITY, |&last| (ring.centre - rings[last].centre).norm())
            };
            far(a).total_cmp(&far(b))
        });
        match nearest {
            Some(run) => run.push(n),
            None => runs.push(vec![n]),
        }
    }
    runs
}

fn of_run(
    group: &Group<'_>,
    distances: &[f64],
    rings: &[Ring],
    sections: &[Option<Section>],
    run: &[usize],
) -> Option<Member> {
    let (first, last) = (&rings[*run.first()?], &rings[*run.last()?]);
    // Lines near the end of a pin lean over its edge; a tenth at either end is left out.
    let inner = &run[run.len() / 10..run.len() - run.len() / 10];
    let best = inner.iter().copied().min_by(|&a, &b| {
        let width = |n: usize| sections[n].map_or(f64::INFINITY, |section| section.width_mm);
        width(a).total_cmp(&width(b))
    })?;
    let narrowest = sections[best]?;
    let middle: f64 = run.windows(2).map(|pair| (rings[pair[1]].centre - rings[pair[0]].centre).norm()).sum();
    let spacing = middle / (run.len() - 1) as f64;
    let end = |centre: &Vector3<f64>| {
        let near = group.rims.iter().map(|rim| (group.rim_centre(rim) - centre).norm());
        // A rim close by is where the member ends.
        near.min_by(f64::total_cmp).filter(|&far| far < 1.5 * spacing).unwrap_or(spacing / 2.0)
    };
    Some(Member {
        is_bridge: leads_on(group, distances, last, narrowest.width_mm),
        narrowest,
        place: rings[best].centre.into(),
        length_mm: middle + end(&first.centre) + end(&last.centre),
        faces: about(group, distances, rings, sections, run),
    })
}

/// Whether something lies beyond a ring that is not just the end of a pin: another rim, or much more
/// surface.
fn leads_on(group: &Group<'_>, distances: &[f64], ring: &Ring, width: f64) -> bool {
    let mut waiting = vec![ring.beyond];
    let mut seen = vec![false; group.vertices.len()];
    seen[ring.beyond as usize] = true;
    let is_rim = |own: u32| group.rims.iter().any(|rim| rim.binary_search(&own).is_ok());
    while let Some(own) = waiting.pop() {
        if distances[own as usize] > ring.level + 3.0 * width || is_rim(own) {
            return true;
        }
        let first = group.steps.partition_point(|step| step.0 < own);
        for &(_, other) in group.steps[first..].iter().take_while(|step| step.0 == own) {
            if !seen[other as usize] && distances[other as usize] >= ring.level {
                seen[other as usize] = true;
                waiting.push(other);
            }
        }
    }
    false
}

/// Faces between the first and the last section of a member, as near to a middle as they are broad: a
/// group may have other faces at the same distance from its rim.
fn about(
    group: &Group<'_>,
    distances: &[f64],
    rings: &[Ring],
    sections: &[Option<Section>],
    run: &[usize],
) -> Vec<u32> {
    let levels = run.iter().map(|&n| rings[n].level);
    let (low, high) = levels
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), level| (low.min(level), high.max(level)));
    let broadest =
        run.iter().filter_map(|&n| sections[n]).map(|section| section.breadth_mm).fold(0.0, f64::max);
    let lies = |face: u32| {
        let corners = group.mesh.faces()[face as usize];
        let is_between =
            corners.iter().any(|&vertex| (low..=high).contains(&distances[group.own(vertex) as usize]));
        let [a, b, c] = group.mesh.corners(face as usize).map(Vector3::from);
        let middle = (a + b + c) / 3.0;
        is_between && run.iter().any(|&n| (rings[n].centre - middle).norm() <= broadest)
    };
    group.faces.iter().copied().filter(|&face| lies(face)).collect()
}

fn rings(
    group: &Group<'_>,
    normals: &[Vector3<f64>],
    thickness: &[f64],
    distances: &[f64],
    step: f64,
    reach: f64,
) -> Vec<Ring> {
    // `level_lines` asks for the heights of all vertices by their numbers in the mesh.
    let n_heights = group.vertices.last().map_or(0, |&last| last as usize + 1);
    let mut heights = vec![0.0; n_heights];
    for (vertex, distance) in group.vertices.iter().zip(distances) {
        heights[*vertex as usize] = if distance.is_finite() { *distance } else { 0.0 };
    }
    let mut rings = Vec::new();
    for n in 0..(reach / step).round() as usize {
        let level = step * (n as f64 + 0.5);
        for line in level_lines(group.mesh, &group.faces, &heights, level) {
            let middle = centre(&line.points);
            if line.is_closed && line.points.len() > 2 && runs_round(&line, &middle, normals) {
                let (a, b) = line.edges[0];
                let upper = if heights[a as usize] >= level { a } else { b };
                rings.push(Ring {
                    level,
                    centre: middle,
                    beyond: group.own(upper),
                    thickness: lower_quartile(&line, thickness),
                    points: line.points,
                });
            }
        }
    }
    rings
}

/// What a quarter of the vertices along a line are thinner than.
fn lower_quartile(line: &LevelLine, thickness: &[f64]) -> f64 {
    let ends = line.edges.iter().flat_map(|&(a, b)| [a, b]);
    let mut found: Vec<f64> = ends.map(|vertex| thickness[vertex as usize]).collect();
    found.sort_by(f64::total_cmp);
    found.get(found.len() / 4).copied().unwrap_or(f64::INFINITY)
}

/// Whether a line runs round material: the normals along it lead away from its middle, and not along its
/// axis as on the end of a pin.
fn runs_round(line: &LevelLine, middle: &Vector3<f64>, normals: &[Vector3<f64>]) -> bool {
    let axis = area_vector(&line.points).try_normalize(0.0).unwrap_or_default();
    let (mut out, mut along) = (0.0, 0.0);
    for (point, &(a, b)) in line.points.iter().zip(&line.edges) {
        let away = (Vector3::from(*point) - middle).try_normalize(0.0).unwrap_or_default();
        let normal = (normals[a as usize] + normals[b as usize]).try_normalize(0.0).unwrap_or_default();
        out += away.dot(&normal);
        along += axis.dot(&normal).abs();
    }
    let n = line.points.len() as f64;
    out > ROUND * n && along < TILTED * n
}

/// The section of one ring, seen along the line of the middles about it; `None` where it is none of a
/// member.
fn ring_section(rings: &[Ring], n: usize, below: f64) -> Option<Section> {
    let ring = &rings[n];
    let near = |is_before: bool| {
        rings
            .iter()
            .filter(|other| if is_before { other.level < ring.level } else { other.level > ring.level })
            .min_by(|a, b| (a.centre - ring.centre).norm().total_cmp(&(b.centre - ring.centre).norm()))
    };
    let along = match (near(true), near(false)) {
        (Some(before), Some(after)) => after.centre - before.centre,
        _ => area_vector(&ring.points),
    };
    let found = section(&ring.points, &along)?;
    let is_slender = found.width_mm < below * SLACK
        && found.breadth_mm < below * BROADEST
        && found.breadth_mm <= BROAD * found.width_mm;
    let is_wall =
        found.width_mm > OF_THICKNESS.0 * ring.thickness && found.width_mm < OF_THICKNESS.1 * ring.thickness;
    (is_slender && is_wall).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::face_tree::FaceTree;
    use crate::mesh::measure::tests::cuboid;
    use crate::mesh::refine::refine;
    use crate::printability::thickness::{Asked, Method, thickness};
    use crate::progress::Progress;

    #[test]
    fn a_bar_of_its_own_is_a_pin_with_its_width_and_a_plate_is_nothing() {
        let asked = Asked { method: Method::Sphere, is_outside: false, longest_mm: 50.0, across: -0.5 };
        for (size, n, width) in
            [([1.0, 0.8, 12.0], 1, 0.8), ([20.0, 20.0, 3.0], 0, 0.0), ([20.0, 20.0, 0.8], 0, 0.0)]
        {
            let part = refine(cuboid([3.0; 3], size).view(), 0.3, 1_000_000).mesh;
            let tree = FaceTree::new(part.view());
            let found = thickness(&tree, &asked, &Progress::default()).unwrap();
            // At the breadth of the bar: its narrow sides are not thin.
            let found = members(part.view(), &found, 1.0, 0.5);
            assert_eq!(found.len(), n, "{size:?}");
            for one in found {
                assert!((one.narrowest.width_mm - width).abs() < 0.05, "{:?}", one.narrowest);
                assert!(!one.is_bridge);
            }
        }
    }

    /// A box about the origin, turned by an axis and an angle.
    fn turned_bar(size: [f64; 3], axis: [f64; 3], angle: f64) -> crate::mesh::TriMesh {
        let mut bar = cuboid([-size[0] / 2.0, -size[1] / 2.0, -size[2] / 2.0], size);
        let axis = nalgebra::Unit::new_normalize(Vector3::from(axis));
        let turn = nalgebra::Rotation3::from_axis_angle(&axis, angle);
        for point in &mut bar.vertices {
            *point = (turn * Vector3::from(*point)).into();
        }
        bar
    }

    #[test]
    fn a_bar_of_any_section_turned_any_way_is_found_at_a_limit_by_either_side() {
        let asked = Asked { method: Method::Sphere, is_outside: false, longest_mm: 50.0, across: -0.5 };
        let mut state = 11_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as f64 / f64::from(1_u32 << 31)
        };
        for n in 0..24 {
            let width = 0.4 + 1.2 * random();
            let breadth = width + (2.0 - width) * if n % 4 == 0 { 0.02 * random() } else { random() };
            let axis = [random() - 0.5, random() - 0.5, random() + 0.1];
            let bar = turned_bar([breadth, width, 9.0 * width], axis, 3.0 * random());
            let part = refine(bar.view(), width / 3.0, 1_000_000).mesh;
            let found = thickness(&FaceTree::new(part.view()), &asked, &Progress::default()).unwrap();
            for below in [breadth, breadth * 1.001, breadth * 1.2, 0.5 * (width + breadth)] {
                if below < width * 1.01 {
                    continue;
                }
                let members = members(part.view(), &found, below, 0.5);
                assert_eq!(members.len(), 1, "{width} x {breadth} below {below}");
                let one = &members[0];
                assert!((one.narrowest.width_mm - width).abs() < 0.05, "{:?} {width}", one.narrowest);
                assert!((one.narrowest.breadth_mm - breadth).abs() < 0.1, "{:?} {breadth}", one.narrowest);
                assert!(!one.is_bridge, "{width} x {breadth} below {below}");
            }
            assert!(members(part.view(), &found, 0.9 * width, 0.5).is_empty());
            let sheet = turned_bar([12.0 * width, width, 12.0 * width], axis, 3.0 * random());
            let sheet = refine(sheet.view(), width / 2.0, 1_000_000).mesh;
            let found = thickness(&FaceTree::new(sheet.view()), &asked, &Progress::default()).unwrap();
            for below in [1.01 * width, 1.5 * width] {
                // No more than the corners, which are as broad as long.
                for one in members(sheet.view(), &found, below, 0.5) {
                    assert!(one.length_mm < 4.0 * width, "{width} below {below}: {} mm", one.length_mm);
                }
            }
        }
    }
}
