//! Floor 4: the binding, the only room that names pyo3 or numpy.
//!
//! A binding function converts in, detaches from the interpreter, calls one core function and
//! converts out. It holds no policy and words no message.

use pyo3::prelude::*;

mod array;
mod bar;
mod checks;
mod comparison;
mod dicom;
mod error;
mod mesh;
mod mesh_io;
mod mesh_topology;
mod overlay;
mod phantom;
mod printability;
mod progress;
mod register;
mod render;
mod resample;
mod segment;
mod study;
mod surface;

/// The private, flat native module; `calvaria/_native.pyi` is its written face.
#[pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use super::bar::flat_patches;
    #[pymodule_export]
    use super::checks::{nearest_mm, survey_volume};
    #[pymodule_export]
    use super::comparison::{compare_masks, compare_meshes, offsets_from_mesh};
    #[pymodule_export]
    use super::dicom::{SeriesHandle, find_series, load_series};
    #[pymodule_export]
    use super::mesh::{
        closest_points, curvature_mesh, cut_mesh, decimate_mesh, fill_mesh_holes, measure_mesh, mesh_parts,
        remesh_mesh, section_mesh, signed_distance_mesh, smooth_mesh,
    };
    #[pymodule_export]
    use super::mesh_io::{read_mesh, write_mesh};
    #[pymodule_export]
    use super::mesh_topology::{
        count_uneven_edges, mesh_quality, mesh_self_intersections, mesh_topology, mesh_winding, repair_mesh,
    };
    #[pymodule_export]
    use super::overlay::{
        cluster_points, compare_to_image, find_membranes, fine_normals, sample_surface, spread_values,
    };
    #[pymodule_export]
    use super::phantom::Phantom;
    #[pymodule_export]
    use super::printability::{
        blocked_by_body, blocked_ways, fill_mesh, lay_down_mesh, least_over_patch, low_patches, mesh_closure,
        mesh_footprint, mesh_overhang, mesh_pools, mesh_thickness, refine_mesh, round_holes, slender_members,
    };
    #[pymodule_export]
    use super::progress::Progress;
    #[pymodule_export]
    use super::register::fit_points;
    #[pymodule_export]
    use super::render::{draw_mesh, kind_colours};
    #[pymodule_export]
    use super::resample::{
        orthogonal_grid, resample_slices_f32, resample_slices_i16, resample_to_grid_f32, resample_to_grid_i16,
    };
    #[pymodule_export]
    use super::segment::{
        components, count_values, diffuse, distance, edge_profiles, fill_holes, gaussian, grow_from_seeds,
        keep_connected, keep_parts, median, reshape_mask, solid_mask, threshold, watershed,
    };
    #[pymodule_export]
    use super::study::{write_capture, write_ct};
    #[pymodule_export]
    use super::surface::{extract_label_surfaces, extract_surface};
}
