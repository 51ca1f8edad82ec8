"""Commands of the pages that are read to the last option and not run, with the reason.

The list is exact: a test fails for an entry that no page has, and for a page that shows a command which cannot run
and is not listed here.
"""

from __future__ import annotations

DATA = "needs a public cohort of patients, which is downloaded"
LONG = "minutes to hours: networks are trained, or a published study is run whole"
FITS = "an audit of a public or synthetic cohort does some thousand fits"
EMPTY = "the tables of the design are to be filled with patients first"
FILES = "needs what another program made"

ONLY_PARSED: dict[str, dict[str, str]] = {
    "README.md": {
        "samesplit fetch sts-lung-metastasis": DATA,
        "samesplit run benchmarks/sts-lung-metastasis": DATA,
        "samesplit run benchmarks/adrenalmnist3d": DATA,
        "samesplit run benchmarks/huang2023-cystic-renal": DATA,
        "samesplit audit benchmarks/huang2023-cystic-renal --model radiomics-quick": FITS,
        "samesplit ibsi --data FOLDER": DATA,
        "samesplit ibsi --standard 2 --data FOLDER": DATA,
        "samesplit run xi2020-renal-mri --synthetic": LONG,
    },
    "docs/audit.md": {
        "samesplit audit sts-lung-metastasis --model radiomics-quick": FITS,
        "samesplit audit sts-lung-metastasis --leaks selection-on-all-data,best-of-n-on-test": FITS,
    },
    "docs/cui2025-srm-segmentation.md": {
        "samesplit validate my-srm": EMPTY,
        "samesplit split my-srm": EMPTY,
        "samesplit run my-srm": EMPTY,
        "samesplit run my-srm --variant all-vendors": EMPTY,
        "samesplit run cui2025-srm-segmentation --synthetic": LONG,
        "samesplit run cui2025-srm-segmentation --synthetic --size full": LONG,
    },
    "docs/encoders.md": {
        "samesplit extract mr.nii.gz mask.nii.gz --profile medicalnet-resnet18": "needs downloaded weights",
    },
    "docs/huang2023.md": {
        "samesplit fetch huang2023-cystic-renal": DATA,
        "samesplit run huang2023-cystic-renal": DATA,
    },
    "docs/importing.md": {
        "samesplit run my-kits": LONG,
    },
    "docs/learning-curve.md": {
        "samesplit learning-curve my-study -m ridge -m resnet10-25d-minutes --sizes 75,150,300 --repeats 5": LONG,
        "samesplit fetch synthetic-renal-1200": LONG,
        "samesplit learning-curve synthetic-renal-1200 --model ridge --model resnet10-25d-minutes "
        "--sizes 75,150,300,600,1000 --repeats 1": LONG,
    },
    "docs/pku-renal-ct.md": {
        "samesplit run pku-renal-ct --synthetic": LONG,
        "samesplit run pku-renal-ct --synthetic --size full": LONG,
        "samesplit validate my-study": EMPTY,
        "samesplit split my-study": EMPTY,
        "samesplit run my-study": EMPTY,
        "samesplit run my-study --variant one-series": EMPTY,
    },
    "docs/reader-study-reports.md": {
        "samesplit readers viper_obs.csv.gz --truth viper_obs.csv.gz --truth-column cancerStatus455 "
        "--out viper": DATA,
    },
    "docs/renal-ct-six-classes.md": {
        "samesplit run renal-ct-six-classes --synthetic": LONG,
        "samesplit run renal-ct-six-classes --synthetic --size full": LONG,
        "samesplit validate my-study": EMPTY,
        "samesplit split my-study": EMPTY,
        "samesplit run my-study": EMPTY,
        "samesplit run my-study --variant ten-fold": EMPTY,
    },
    "docs/segmentation.md": {
        "samesplit nnunet import my-study "
        "nnUNet_results/Dataset501_Kidney/nnUNetTrainer__nnUNetPlans__3d_fullres --name nnU-Net": FILES,
    },
    "docs/studies.md": {
        "samesplit run xi2020-renal-mri --synthetic": LONG,
        "samesplit validate my-study": EMPTY,
        "samesplit split my-study": EMPTY,
        "samesplit run my-study": EMPTY,
        "samesplit run my-study --variant five-fold": EMPTY,
        "samesplit run xi2020-renal-mri --synthetic --variant main": LONG,
        "samesplit run xi2020-renal-mri --synthetic --size full": LONG,
    },
    "docs/tracking.md": {
        "samesplit ui my-study": "serves until it is stopped",
        "samesplit push my-study --to http://127.0.0.1:5000": "needs a tracking server",
    },
    "docs/xi2020-renal-mri.md": {
        "samesplit run xi2020-renal-mri --synthetic": LONG,
        "samesplit run xi2020-renal-mri --synthetic --variant main": LONG,
        "samesplit run xi2020-renal-mri --synthetic --size full": LONG,
        "samesplit validate my-study": EMPTY,
        "samesplit split my-study": EMPTY,
        "samesplit run my-study": EMPTY,
        "samesplit run my-study --variant institution-hold-out": EMPTY,
        "samesplit audit xi2020-renal-mri-synthetic --model radiomics-xi2020 "
        "--leaks selection-on-all-data,hard-label-auc,signed-rank": FITS,
    },
    "docs/xiong2025-renal-ct.md": {
        "samesplit run xiong2025-renal-ct --synthetic": LONG,
        "samesplit run xiong2025-renal-ct --synthetic --variant main": LONG,
        "samesplit run xiong2025-renal-ct --synthetic --size full": LONG,
        "samesplit validate my-study": EMPTY,
        "samesplit split my-study": EMPTY,
        "samesplit run my-study": EMPTY,
        "samesplit run my-study --variant published-split": EMPTY,
        "samesplit run my-kits": LONG,
        "samesplit audit xiong2025-renal-ct-synthetic --model radiomics-small --leaks smote-before-folds": FITS,
    },
    "docs/zhong2025-t1-mapping.md": {
        "samesplit run zhong2025-t1-mapping --synthetic": LONG,
        "samesplit run zhong2025-t1-mapping --synthetic --variant main": LONG,
        "samesplit run zhong2025-t1-mapping --synthetic --size full": LONG,
        "samesplit validate my-study": EMPTY,
        "samesplit split my-study": EMPTY,
        "samesplit run my-study": EMPTY,
        "samesplit run my-study --variant later-patients": EMPTY,
        "samesplit audit zhong2025-t1-mapping-synthetic --model radiomics-quick "
        "--leaks fitted-on-test,selection-on-all-data,threshold-on-test": FITS,
    },
}

EXIT_CODES: dict[str, dict[str, int]] = {
    "docs/extracting.md": {
        # a patient without a mask
        "samesplit extract data --image-pattern '{case}/t2.nii.gz' --mask-pattern '{case}/mask_{rater}.nii.gz' "
        "--profile mr-default --output features.csv": 1,
    },
    "README.md": {
        "samesplit extract data --image-pattern '{case}/t2.nii.gz' --mask-pattern '{case}/mask*.nii.gz' "
        "-p mr-default -o features.csv": 1,
    },
}
"""Commands that end with another exit code than 0 in the scratch workspace: page, command, code."""

WITHOUT_STUDY = (
    "docs/cui2025-srm-segmentation.md",
    "docs/pku-renal-ct.md",
    "docs/renal-ct-six-classes.md",
    "docs/studies.md",
    "docs/xi2020-renal-mri.md",
    "docs/xiong2025-renal-ct.md",
    "docs/zhong2025-t1-mapping.md",
)
"""Pages that begin `my-study` themselves, from the design of a published study."""
