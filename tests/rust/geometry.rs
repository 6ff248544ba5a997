use calvaria::geometry::Grid;
use nalgebra::{Matrix4, Point3};

#[test]
fn voxel_volume_of_a_sheared_grid_is_base_times_height() {
    let mut affine = Matrix4::new_nonuniform_scaling(&nalgebra::Vector3::new(0.5, 0.4, 2.0));
    affine[(1, 2)] = 0.7; // shear: each slice steps 0.7 mm along y
    let grid = Grid::new([10, 10, 10], affine).unwrap();
    assert!((grid.voxel_volume_mm3() - 0.5 * 0.4 * 2.0).abs() < 1e-12);
    assert!((grid.lps_mm(Point3::new(0.0, 0.0, 3.0)) - Point3::new(0.0, 2.1, 6.0)).norm() < 1e-12);
}
