//! Floor 2: from voxels to triangles: where exactly the surface of a structure lies.
