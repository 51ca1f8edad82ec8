"""The features of pyradiomics: their names, units, and IBSI codes where the definition is IBSI's.

Codes: Zwanenburg et al., Radiology 2020, doi:10.1148/radiol.2020191145; each was checked by its value on the
IBSI digital phantom. Names: van Griethuysen et al., Cancer Research 2017, doi:10.1158/0008-5472.CAN-17-0339.
"""

from __future__ import annotations

from samesplit.features.engines.protocol import FeatureInfo

__all__ = ["FEATURES", "ON_REQUEST", "feature_names"]

_SHAPE = """
Elongation                Q3CK .
Flatness                  N17B .
LeastAxisLength           7J51 mm   IBSI divides the covariance by n - 1, pyradiomics by n
MajorAxisLength           TDIC mm   IBSI divides the covariance by n - 1, pyradiomics by n
Maximum2DDiameterColumn   .    mm
Maximum2DDiameterRow      .    mm
Maximum2DDiameterSlice    .    mm
Maximum3DDiameter         L0JK mm
MeshVolume                RNU0 mm3
MinorAxisLength           P9VJ mm   IBSI divides the covariance by n - 1, pyradiomics by n
Sphericity                QCFX .
SurfaceArea               C0JK mm2
SurfaceVolumeRatio        2PR5 1/mm
VoxelVolume               YEKZ mm3
Compactness1              SKGS .
Compactness2              BQWJ .
SphericalDisproportion    KRCK .
"""

_SHAPE_2D = """
Elongation                .    .
MajorAxisLength           .    mm
MaximumDiameter           .    mm
MeshSurface               .    mm2
MinorAxisLength           .    mm
Perimeter                 .    mm
PerimeterSurfaceRatio     .    1/mm
PixelSurface              .    mm2
Sphericity                .    .
SphericalDisproportion    .    .
"""

_FIRSTORDER = """
10Percentile                  QG58 I
90Percentile                  8DWT I
Energy                        N8CA I2
Entropy                       TLU2 .
InterquartileRange            SALO I
Kurtosis                      IPH6 .    IBSI subtracts 3
Maximum                       84IY I
MeanAbsoluteDeviation         4FUA I
Mean                          Q4LE I
Median                        Y12H I
Minimum                       1GSF I
Range                         2OJQ I
RobustMeanAbsoluteDeviation   1128 I
RootMeanSquared               5ZWQ I
Skewness                      KE2A .
TotalEnergy                   .    I2mm3
Uniformity                    BJ5W .
Variance                      ECT3 I2
StandardDeviation             .    I
"""

_GLCM = """
Autocorrelation      QWB0
ClusterProminence    AE86
ClusterShade         7NFM
ClusterTendency      DG8W
Contrast             ACUI
Correlation          NI2N
DifferenceAverage    TF7R
DifferenceEntropy    NTRS
DifferenceVariance   D3YU
Id                   IB1Z
Idm                  WF0Z
Idmn                 1QCO
Idn                  NDRX
Imc1                 R8DG
Imc2                 JN9H
InverseVariance      E8JP
JointAverage         60VM
JointEnergy          8ZQL
JointEntropy         TU9B
MCC                  .
MaximumProbability   GYBY
SumAverage           ZGXS
SumEntropy           P6QZ
SumSquares           UR99
"""

_GLRLM = """
GrayLevelNonUniformity             R5YN
GrayLevelNonUniformityNormalized   OVBL
GrayLevelVariance                  8CE5
HighGrayLevelRunEmphasis           G3QZ
LongRunEmphasis                    W4KF
LongRunHighGrayLevelEmphasis       3KUM
LongRunLowGrayLevelEmphasis        IVPO
LowGrayLevelRunEmphasis            V3SW
RunEntropy                         HJ9O
RunLengthNonUniformity             W92Y
RunLengthNonUniformityNormalized   IC23
RunPercentage                      9ZK5
RunVariance                        SXLW
ShortRunEmphasis                   22OV
ShortRunHighGrayLevelEmphasis      GD3A
ShortRunLowGrayLevelEmphasis       HTZT
"""

_GLSZM = """
GrayLevelNonUniformity             JNSA
GrayLevelNonUniformityNormalized   Y1RO
GrayLevelVariance                  BYLV
HighGrayLevelZoneEmphasis          5GN9
LargeAreaEmphasis                  48P8
LargeAreaHighGrayLevelEmphasis     J17V
LargeAreaLowGrayLevelEmphasis      YH51
LowGrayLevelZoneEmphasis           XMSY
SizeZoneNonUniformity              4JP3
SizeZoneNonUniformityNormalized    VB3A
SmallAreaEmphasis                  5QRC
SmallAreaHighGrayLevelEmphasis     HW1V
SmallAreaLowGrayLevelEmphasis      5RAI
ZoneEntropy                        GU8N
ZonePercentage                     P30P
ZoneVariance                       3NSA
"""

_GLDM = """
DependenceEntropy                      FCBV
DependenceNonUniformity                Z87G
DependenceNonUniformityNormalized      OKJI
DependenceVariance                     DNX2
GrayLevelNonUniformity                 FP8K
GrayLevelVariance                      1PFV
HighGrayLevelEmphasis                  OAE7
LargeDependenceEmphasis                IMOQ
LargeDependenceHighGrayLevelEmphasis   9QMG
LargeDependenceLowGrayLevelEmphasis    NBZI
LowGrayLevelEmphasis                   TL9H
SmallDependenceEmphasis                SODN
SmallDependenceHighGrayLevelEmphasis   JA6D
SmallDependenceLowGrayLevelEmphasis    EQ3F
"""

_NGTDM = """
Busyness     NQ30
Coarseness   QCDE
Complexity   HDEZ
Contrast     65HE
Strength     1X9X
"""

ON_REQUEST = {
    "shape": frozenset({"Compactness1", "Compactness2", "SphericalDisproportion"}),
    "shape2D": frozenset({"SphericalDisproportion"}),
    "firstorder": frozenset({"StandardDeviation"}),
}
"""Features that say nothing new beside the others: pyradiomics computes them only where a profile names them."""


def _table(family: str, text: str) -> dict[str, FeatureInfo]:
    features = {}
    for line in text.strip().splitlines():
        name, code, unit, note = (*line.split(maxsplit=3), "", "")[:4]
        features[name] = FeatureInfo(
            feature=name,
            family=family,
            ibsi_code=None if code == "." else code,
            unit="" if unit == "." else unit,
            note=note,
        )
    return features


FEATURES: dict[str, dict[str, FeatureInfo]] = {
    "shape": _table("shape", _SHAPE),
    "shape2D": _table("shape2D", _SHAPE_2D),
    "firstorder": _table("firstorder", _FIRSTORDER),
    "glcm": _table("glcm", _GLCM),
    "glrlm": _table("glrlm", _GLRLM),
    "glszm": _table("glszm", _GLSZM),
    "gldm": _table("gldm", _GLDM),
    "ngtdm": _table("ngtdm", _NGTDM),
}
"""Feature class -> feature name -> what it is."""


def feature_names(feature_class: str) -> list[str]:
    """Return the features that the whole class stands for.

    Example:
        >>> len(feature_names("shape")), len(feature_names("glcm"))
        (14, 24)
    """
    return [name for name in FEATURES[feature_class] if name not in ON_REQUEST.get(feature_class, ())]
