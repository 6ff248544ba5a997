//! Floor 2: from voxels to masks: which voxels belong to a structure.
