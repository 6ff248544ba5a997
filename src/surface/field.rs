//! What the extraction sees of an image: for each sample whether it is inside, and how far the level
//! is from it.

use ndarray::ArrayView3;

/// A voxel type the surface can be drawn through.
pub trait Sample: Copy + Send + Sync + 'static {
    /// Whether there are values of this type that are no numbers.
    const MAY_BE_MISSING: bool;
    /// The value as a number.
    fn value(self) -> f64;
    /// The least value of this type that reaches the level; `None` when none does.
    fn least_inside(level: f64) -> Option<Self>;
    /// Whether the value is at least as large; never for a value that is not a number.
    fn reaches(self, least: Self) -> bool;
    /// Whether it is no number at all.
    fn is_missing(self) -> bool;
}

impl Sample for i16 {
    const MAY_BE_MISSING: bool = false;
    fn value(self) -> f64 {
        f64::from(self)
    }
    fn least_inside(level: f64) -> Option<Self> {
        let least = level.ceil().max(f64::from(Self::MIN));
        (least <= f64::from(Self::MAX)).then_some(least as Self)
    }
    fn reaches(self, least: Self) -> bool {
        self >= least
    }
    fn is_missing(self) -> bool {
        false
    }
}

impl Sample for f32 {
    const MAY_BE_MISSING: bool = true;
    fn value(self) -> f64 {
        f64::from(self)
    }
    fn least_inside(level: f64) -> Option<Self> {
        let near = level as Self;
        Some(if f64::from(near) < level { near.next_up() } else { near })
    }
    fn reaches(self, least: Self) -> bool {
        self >= least
    }
    fn is_missing(self) -> bool {
        self.is_nan()
    }
}

/// Farther from the level than any HU; keeps products of two finite.
const FAR: f64 = 1e30;

/// An image, a level and a mask.
pub(super) struct Field<'a, T> {
    pub values: ArrayView3<'a, T>,
    pub within: Option<ArrayView3<'a, bool>>,
    pub level: f64,
    /// 1 when a layer of nothing is laid around the image, else 0.
    pub pad: usize,
}

/// What a sample is to the surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// It reaches the level and may be part of the surface.
    Inside,
    /// It does not reach the level.
    Outside,
    /// It reaches the level, but the mask ends before it.
    Masked,
    /// There is no image here.
    Missing,
}

impl<T: Sample> Field<'_, T> {
    /// Samples along i, j and k, the layer around included.
    pub fn n_samples(&self) -> [usize; 3] {
        let (nk, nj, ni) = self.values.dim();
        [ni, nj, nk].map(|n| n + 2 * self.pad)
    }

    /// The value at a place counted with the layer around; `None` in that layer.
    #[inline(never)]
    fn at(&self, ijk: [usize; 3]) -> Option<(T, bool)> {
        let [i, j, k] = ijk.map(|n| n.wrapping_sub(self.pad));
        let value = self.values.get([k, j, i])?;
        Some((*value, self.within.is_none_or(|within| within[[k, j, i]])))
    }

    /// What the sample is.
    #[inline(never)]
    pub fn side(&self, ijk: [usize; 3]) -> Side {
        match self.at(ijk) {
            None => Side::Missing,
            Some((value, _)) if value.is_missing() => Side::Missing,
            Some((value, is_within)) => match (value.value() >= self.level, is_within) {
                (true, true) => Side::Inside,
                (true, false) => Side::Masked,
                (false, _) => Side::Outside,
            },
        }
    }

    /// How far the sample is above the level; negative for every sample that is not inside.
    ///
    /// A masked sample counts as far below the level as it is above, one without an image as just
    /// below: where the surface ends there it lies half way (see [`Field::crossing`]).
    #[inline(never)]
    pub fn above(&self, ijk: [usize; 3]) -> f64 {
        let Some((value, is_within)) = self.at(ijk) else { return -1.0 };
        let above = (value.value() - self.level).clamp(-FAR, FAR);
        match () {
            () if value.is_missing() => -1.0,
            () if above >= 0.0 && !is_within => -above.max(f64::MIN_POSITIVE),
            () => above,
        }
    }

    /// Where the surface crosses from an inside sample to an outside one, as a fraction of the way,
    /// kept off both ends by `margin` so that no two crossings meet at a sample.
    #[inline(never)]
    pub fn crossing(&self, inside: [usize; 3], outside: [usize; 3], margin: f64) -> f64 {
        match self.side(outside) {
            Side::Masked | Side::Missing => 0.5,
            _ => {
                let (a, b) = (self.above(inside), self.above(outside));
                (a / (a - b)).clamp(margin, 1.0 - margin)
            }
        }
    }

    /// Whether the surface may end inside the image: at a mask or where there is no number.
    pub fn may_end_inside(&self) -> bool {
        self.within.is_some() || T::MAY_BE_MISSING
    }

    /// The eight corners of a cell, as [`Field::above`].
    #[inline(never)]
    pub fn corners(&self, [i, j, k]: [usize; 3]) -> [f64; 8] {
        std::array::from_fn(|corner| self.above([i + (corner & 1), j + (corner >> 1 & 1), k + (corner >> 2)]))
    }

    /// Whether a cell reaches into the layer around the image.
    pub fn is_lid(&self, ijk: [usize; 3]) -> bool {
        let n = self.n_samples();
        self.pad > 0 && (0..3).any(|axis| ijk[axis] == 0 || ijk[axis] + 2 == n[axis])
    }
}
