//! An adult head from the vertex to the third neck vertebra, in LPS millimetres.
//!
//! The origin lies midway between the ear canals; z = 0 is the Frankfurt plane.  Sizes are those of
//! an average adult (bizygomatic width 135, skull length 185, porion to vertex 122 mm).  Left and
//! right differ on purpose in every region, so that no flip or swap of axes goes unseen.
//!
//! All compact bone has one HU; what lies deeper than the cortex is cancellous: diploe in the
//! vault, marrow in the jaw and the vertebrae.

mod cranium;
mod extras;
mod face;
mod mandible;
mod soft;
mod spine;
mod teeth;

pub use extras::{Defect, Metal};

use nalgebra::Point3;

use super::model::{Effect, Phantom, Structure};
use super::objects::AIR_HU;
use super::solid::{Place, Solid, union};

const SOFT_HU: f64 = 55.0;
const FAT_HU: f64 = -95.0;
const CSF_HU: f64 = 10.0;
const BRAIN_HU: f64 = 37.0;
const CORTICAL_HU: f64 = 1450.0;
const CANCELLOUS_HU: f64 = 420.0;
const DENTINE_HU: f64 = 1650.0;
const ENAMEL_HU: f64 = 2650.0;

/// Depth of the cortex, mm: outer and inner table of the vault, shell of jaw and vertebrae.
const CORTEX_MM: f64 = 1.7;
/// Lining of the air spaces, mm.
const MUCOSA_MM: f64 = 0.7;
/// Gap between a root and its socket, mm.
const SOCKET_MM: f64 = 0.3;

/// What the head may have besides.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeadOptions {
    /// A round hole in the vault.
    pub defect: Option<Defect>,
    /// A metal filling in a lower left molar.
    pub metal: Option<Metal>,
    /// A patient table under the head.
    pub has_table: bool,
    /// A reference bar of 50 mm beside the neck.
    pub has_bar: bool,
    /// Leaves out the right half of the mandible.
    pub is_half_mandible: bool,
}

/// Left or right: the sign of x.
const SIDES: [f64; 2] = [1.0, -1.0];

/// Makes the same part on both sides from the sign of x.
fn both(part: impl Fn(f64) -> Solid) -> Vec<Solid> {
    SIDES.into_iter().map(part).collect()
}

fn at(place: Place) -> Point3<f64> {
    Point3::from(place)
}

/// Gathers the structures.
struct Body {
    structures: Vec<Structure>,
}

impl Body {
    fn add(&mut self, name: &str, solid: Solid, from_hu: f64, to_hu: f64) {
        self.push(name, solid, Effect::Add(to_hu - from_hu));
    }

    fn push(&mut self, name: &str, solid: Solid, effect: Effect) {
        self.structures.push(Structure::new(name, solid, effect));
    }

    /// A layer of the structure added last: everything deeper than `depth_mm` in it.
    fn add_core(&mut self, name: &str, depth_mm: f64, from_hu: f64, to_hu: f64) {
        if let Some(outer) = self.structures.last() {
            let (name, effect) = (name.to_owned(), Effect::Add(to_hu - from_hu));
            let core =
                Structure { name, effect, grown_mm: outer.grown_mm - depth_mm, solid: outer.solid.clone() };
            self.structures.push(core);
        }
    }

    /// A bone and the cancellous bone in it.
    fn add_bone(&mut self, name: &str, solid: Solid) {
        self.add(name, solid, SOFT_HU, CORTICAL_HU);
        self.add_core(&format!("{name}_cancellous"), CORTEX_MM, CORTICAL_HU, CANCELLOUS_HU);
    }
}

/// Makes the head.
pub fn head(options: &HeadOptions) -> Phantom {
    let air = union(1.0, [face::sinuses(), face::nose(), soft::pharynx(), cranium::air()]);
    let set = teeth::all();
    let sockets = union(0.0, set.iter().map(|tooth| tooth.whole.clone())).grown(SOCKET_MM);
    let cavity = cranium::cavity();
    let holes =
        [air.clone().grown(MUCOSA_MM), cavity.clone(), cranium::canals(), face::orbits(), face::nasal_room()];

    let mut skull = union(4.0, [cranium::outside(), face::bones()]).without(holes).without([sockets.clone()]);
    skull = union(0.0, [skull, face::nasal_plates()]);
    if let Some(defect) = &options.defect {
        skull = skull.without([defect.solid()]);
    }
    let mut mandible = mandible::bone().without([sockets]);
    if options.is_half_mandible {
        mandible = mandible.without([mandible::right_half()]);
    }

    let mut body = Body { structures: Vec::new() };
    let outline = soft::outline();
    body.add("skin", outline.clone().without([air.clone()]), AIR_HU, SOFT_HU);
    let bones = [skull.clone(), mandible.clone(), spine::all()];
    body.add("fat", soft::fat(&outline, &air, &bones), SOFT_HU, FAT_HU);
    soft::add_eyes(&mut body, &skull);
    cranium::add_contents(&mut body, cavity);
    body.push("airway", air, Effect::Nothing);
    body.add_bone("skull", skull);
    body.add_bone("mandible", mandible);
    for (name, vertebra) in spine::vertebrae() {
        body.add_bone(name, vertebra);
    }
    teeth::add(&mut body, &set);
    let streaks = extras::add(&mut body, options);
    Phantom {
        structures: body.structures,
        background_hu: AIR_HU,
        streaks,
        bounds_lps_mm: extras::bounds(options),
    }
}
