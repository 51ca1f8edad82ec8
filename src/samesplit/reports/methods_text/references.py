"""The references of the methods text, numbered in the order in which they are cited."""

from __future__ import annotations

__all__ = ["REFERENCES", "Citations"]

REFERENCES = {
    "agresti": (
        "Agresti A, Coull BA. Approximate is better than “exact” for interval estimation of binomial "
        "proportions. Am Stat 1998;52:119-126. doi 10.1080/00031305.1998.10480550"
    ),
    "auc_cv": (
        "LeDell E, Petersen M, van der Laan M. Computationally efficient confidence intervals for "
        "cross-validated area under the ROC curve estimates. Electron J Stat 2015;9:1583-1607. doi "
        "10.1214/15-EJS1035"
    ),
    "benjamini-hochberg": (
        "Benjamini Y, Hochberg Y. Controlling the false discovery rate: a practical and powerful "
        "approach to multiple testing. J R Stat Soc B 1995;57:289-300. "
        "doi 10.1111/j.2517-6161.1995.tb02031.x"
    ),
    "claims": (
        "Christodoulou E, Reinke A, André P, et al. False promises in medical imaging AI? Assessing validity of "
        "outperformance claims. arXiv 2025. doi 10.48550/arXiv.2505.04720"
    ),
    "clopper": (
        "Clopper CJ, Pearson ES. The use of confidence or fiducial limits illustrated in the case of "
        "the binomial. Biometrika 1934;26:404-413. doi 10.1093/biomet/26.4.404"
    ),
    "combat": (
        "Johnson WE, Li C, Rabinovic A. Adjusting batch effects in microarray expression data using "
        "empirical Bayes methods. Biostatistics 2007;8:118-127. doi 10.1093/biostatistics/kxj037"
    ),
    "decision": (
        "Vickers AJ, Elkin EB. Decision curve analysis: a novel method for evaluating prediction "
        "models. Med Decis Making 2006;26:565-574. doi 10.1177/0272989X06295361"
    ),
    "delong": (
        "DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more correlated "
        "receiver operating characteristic curves: a nonparametric approach. Biometrics "
        "1988;44:837-845. doi 10.2307/2531595"
    ),
    "gradcam": (
        "Selvaraju RR, Cogswell M, Das A, et al. Grad-CAM: visual explanations from deep networks via"
        " gradient-based localization. ICCV 2017:618-626. doi 10.1109/ICCV.2017.74"
    ),
    "harrell": (
        "Harrell FE, Califf RM, Pryor DB, Lee KL, Rosati RA. Evaluating the yield of medical tests. "
        "JAMA 1982;247:2543-2546. doi 10.1001/jama.1982.03320430047030"
    ),
    "hillis": (
        "Hillis SL. A comparison of denominator degrees of freedom methods for multiple observer ROC "
        "analysis. Stat Med 2007;26:596-619. doi 10.1002/sim.2532"
    ),
    "hochberg": (
        "Hochberg Y. A sharper Bonferroni procedure for multiple tests of significance. Biometrika "
        "1988;75:800-802. doi 10.1093/biomet/75.4.800"
    ),
    "holm": "Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat 1979;6:65-70.",
    "ibsi": (
        "Zwanenburg A, Vallières M, Abdalah MA, et al. The Image Biomarker Standardization "
        "Initiative: standardized quantitative radiomics for high-throughput image-based phenotyping."
        " Radiology 2020;295:328-338. doi 10.1148/radiol.2020191145"
    ),
    "ibsi_filters": (
        "Whybra P, Zwanenburg A, Andrearczyk V, et al. The Image Biomarker Standardization Initiative: "
        "standardized convolutional filters for reproducible radiomics and enhanced clinical insights. "
        "Radiology 2024;310:e231319. doi 10.1148/radiol.231319"
    ),
    "mirp": (
        "Zwanenburg A, Löck S. MIRP: a Python package for standardised radiomics. J Open Source Softw"
        " 2024;9(99):6413. doi 10.21105/joss.06413"
    ),
    "monai": (
        "Cardoso MJ, Li W, Brown R, et al. MONAI: an open-source framework for deep learning in "
        "healthcare. arXiv 2022. doi 10.48550/arXiv.2211.02701"
    ),
    "nadeau": (
        "Nadeau C, Bengio Y. Inference for the generalization error. Mach Learn 2003;52:239-281. doi "
        "10.1023/A:1024068626366"
    ),
    "obuchowski": (
        "Obuchowski NA. Nonparametric analysis of clustered ROC curve data. Biometrics "
        "1997;53:567-578. doi 10.2307/2533958"
    ),
    "or": (
        "Obuchowski NA, Rockette HE. Hypothesis testing of diagnostic accuracy for multiple readers "
        "and multiple tests: an ANOVA approach with dependent observations. Commun Stat Simul Comput "
        "1995;24:285-308. doi 10.1080/03610919508813243"
    ),
    "pyradiomics": (
        "van Griethuysen JJM, Fedorov A, Parmar C, et al. Computational radiomics system to decode "
        "the radiographic phenotype. Cancer Res 2017;77:e104-e107. doi 10.1158/0008-5472.CAN-17-0339"
    ),
    "sklearn": (
        "Pedregosa F, Varoquaux G, Gramfort A, et al. Scikit-learn: machine learning in Python. J "
        "Mach Learn Res 2011;12:2825-2830."
    ),
    "smd": (
        "Austin PC. Balance diagnostics for comparing the distribution of baseline covariates between"
        " treatment groups in propensity-score matched samples. Stat Med 2009;28:3083-3107. doi "
        "10.1002/sim.3697"
    ),
    "torch": (
        "Paszke A, Gross S, Massa F, et al. PyTorch: an imperative style, high-performance deep "
        "learning library. NeurIPS 2019;32:8024-8035. doi 10.48550/arXiv.1912.01703"
    ),
    "u_statistics": (
        "Gallas BD, Bandos A, Samuelson FW, Wagner RF. A framework for random-effects ROC analysis: "
        "biases with the bootstrap and other variance estimators. Commun Stat Theory Methods "
        "2009;38:2586-2603. doi 10.1080/03610920802610084"
    ),
    "xgboost": (
        "Chen T, Guestrin C. XGBoost: a scalable tree boosting system. KDD 2016:785-794. doi "
        "10.1145/2939672.2939785"
    ),
    "youden": (
        "Youden WJ. Index for rating diagnostic tests. Cancer 1950;3:32-35. doi "
        "10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3"
    ),
}
"""What may be cited, by key."""


class Citations:
    """Numbers references in the order in which they are cited.

    Example:
        >>> cite = Citations()
        >>> cite("delong", "holm"), cite("holm"), len(cite.listed())
        (' [1, 2]', ' [2]', 2)
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __call__(self, *keys: str) -> str:
        """Return the numbers of some references in brackets, with a space before them."""
        numbers = [self._numbers.setdefault(key, len(self._numbers) + 1) for key in keys]
        return f" [{', '.join(map(str, numbers))}]"

    def listed(self) -> tuple[str, ...]:
        """Return the references that were cited, in their order."""
        return tuple(REFERENCES[key] for key in self._numbers)
