//! The vertices of the original surface, each attached to the live face it lies next to. Through them
//! a collapse is held against the surface it came from, and only against that part of it: the other
//! side of a thin wall is never mistaken for this one.

use super::patch::NONE;

/// Original vertices in chains, one chain for each face of a patch.
#[derive(Debug, Clone, Default)]
pub(super) struct Samples {
    /// Their numbers in the original mesh.
    pub(super) names: Vec<u32>,
    next: Vec<u32>,
    heads: Vec<u32>,
}

impl Samples {
    /// For so many faces, and nothing attached yet.
    pub(super) fn new(n_faces: usize) -> Self {
        Self { heads: vec![NONE; n_faces], ..Self::default() }
    }

    /// One more face, with nothing attached.
    pub(super) fn add_face(&mut self) {
        self.heads.push(NONE);
    }

    /// One more sample, attached to a face.
    pub(super) fn add(&mut self, name: u32, face: u32) {
        let sample = self.names.len() as u32;
        self.names.push(name);
        self.next.push(NONE);
        self.attach(sample, face);
    }

    /// All faces of another one, after all faces here.
    pub(super) fn append(&mut self, other: &Self) {
        let first = self.names.len() as u32;
        let moved = |&place: &u32| if place == NONE { NONE } else { place + first };
        self.names.extend_from_slice(&other.names);
        self.next.extend(other.next.iter().map(moved));
        self.heads.extend(other.heads.iter().map(moved));
    }

    /// Whether a face has samples.
    pub(super) fn are_on(&self, face: u32) -> bool {
        self.heads[face as usize] != NONE
    }

    /// The samples of a face.
    pub(super) fn of(&self, face: u32) -> impl Iterator<Item = u32> + '_ {
        let mut place = self.heads[face as usize];
        std::iter::from_fn(move || {
            let next = *self.next.get(place as usize)?;
            Some(std::mem::replace(&mut place, next))
        })
    }

    /// Takes all samples from a face; they stand nowhere then.
    pub(super) fn clear(&mut self, face: u32) {
        self.heads[face as usize] = NONE;
    }

    /// Puts a sample that stands nowhere on a face.
    pub(super) fn attach(&mut self, sample: u32, face: u32) {
        let head = &mut self.heads[face as usize];
        self.next[sample as usize] = *head;
        *head = sample;
    }
}
