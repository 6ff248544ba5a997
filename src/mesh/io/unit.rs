//! Units and frames that a file may be in; inside there is only LPS and mm.

/// A unit of length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Micrometre.
    Micrometre,
    /// Millimetre.
    Millimetre,
    /// Centimetre.
    Centimetre,
    /// Metre.
    Metre,
    /// Inch.
    Inch,
    /// Foot.
    Foot,
}

impl Unit {
    /// The unit of this name, in the words of 3MF or in short.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "um" | "micron" | "micrometre" | "micrometer" => Some(Self::Micrometre),
            "mm" | "millimetre" | "millimeter" => Some(Self::Millimetre),
            "cm" | "centimetre" | "centimeter" => Some(Self::Centimetre),
            "m" | "metre" | "meter" => Some(Self::Metre),
            "in" | "inch" => Some(Self::Inch),
            "ft" | "foot" => Some(Self::Foot),
            _ => None,
        }
    }

    /// Short name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Micrometre => "um",
            Self::Millimetre => "mm",
            Self::Centimetre => "cm",
            Self::Metre => "m",
            Self::Inch => "inch",
            Self::Foot => "foot",
        }
    }

    /// Millimetres in one.
    pub fn in_mm(self) -> f64 {
        match self {
            Self::Micrometre => 1e-3,
            Self::Millimetre => 1.0,
            Self::Centimetre => 10.0,
            Self::Metre => 1000.0,
            Self::Inch => 25.4,
            Self::Foot => 304.8,
        }
    }
}

/// A frame of the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// Left, posterior, superior: the frame of this library.
    Lps,
    /// Right, anterior, superior.
    Ras,
}

impl Space {
    /// The frame of this name.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "LPS" | "LEFT-POSTERIOR-SUPERIOR" => Some(Self::Lps),
            "RAS" | "RIGHT-ANTERIOR-SUPERIOR" => Some(Self::Ras),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lps => "LPS",
            Self::Ras => "RAS",
        }
    }

    /// Factors for x, y and z on the way to LPS. Half a turn about z: no triangle turns inside out.
    pub fn to_lps(self) -> [f64; 3] {
        match self {
            Self::Lps => [1.0, 1.0, 1.0],
            Self::Ras => [-1.0, -1.0, 1.0],
        }
    }
}
