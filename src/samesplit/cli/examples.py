"""What to type: examples at the end of the `--help` of every command; a test reads each as the program would."""

from __future__ import annotations

__all__ = ["EXAMPLES", "epilog"]

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "": (
        ("see it work on synthetic lesions", "samesplit fetch demo-renal-mass"),
        ("", "samesplit run demo-renal-mass"),
        ("begin a study of your own", "samesplit init my-study"),
    ),
    "init": (
        ("a workspace with one empty benchmark", "samesplit init my-study"),
        ("inside a workspace: one more benchmark", "samesplit init second-question"),
        ("from the design of a published study", "samesplit init my-study --from xi2020-renal-mri"),
    ),
    "fetch": (
        ("build the synthetic cohort on 4 processes", "samesplit fetch demo-renal-mass --jobs 4"),
        ("download a public cohort", "samesplit fetch sts-lung-metastasis"),
    ),
    "validate": (
        ("check tables, images and masks before anything slow", "samesplit validate my-study"),
        (
            "images opened by the workers of a cluster",
            "samesplit validate my-study --scheduler tcp://10.0.0.1:8786",
        ),
    ),
    "split": (
        ("as benchmark.yaml says", "samesplit split my-study"),
        ("five folds, three times", "samesplit split my-study --scheme kfold --folds 5 --repeats 3 --seed 7"),
        (
            "the folds of an nnU-Net project",
            "samesplit split my-study --scheme fixed --file splits_final.json",
        ),
        (
            "give the split to nnU-Net",
            "samesplit split my-study --export-nnunet nnUNet_preprocessed/Dataset1/splits_final.json",
        ),
    ),
    "show": (
        ("every setting that a run would use", "samesplit show my-study"),
        ("find one", "samesplit show my-study | grep minimum_voxels"),
    ),
    "run": (
        ("everything, on all cores", "samesplit run my-study"),
        (
            "two of its models, on 4 processes",
            "samesplit run my-study --model zero-rule --model radiomics-small -j 4",
        ),
        ("label permutation: every model must fall to chance", "samesplit run my-study --shuffle-labels 1"),
        (
            "images, features, models and statistics on a cluster",
            "samesplit run my-study --scheduler tcp://10.0.0.1:8786",
        ),
        (
            "a published study on synthetic patients, variants too",
            "samesplit run xi2020-renal-mri --synthetic",
        ),
        ("one variant of a study of one's own", "samesplit run my-study --variant five-fold"),
        ("as a batch job: a line every 30 seconds", "samesplit run my-study --no-track > run.log 2>&1"),
    ),
    "compare": (
        ("probabilities made anywhere", 'samesplit compare my-study predictions.csv --name "My model"'),
        (
            "with a threshold fixed on development data",
            'samesplit compare my-study predictions.csv --name "My model" --threshold 0.4',
        ),
        (
            "put better ones in their place",
            'samesplit compare my-study predictions.csv --name "My model" --replace',
        ),
    ),
    "forget": (("take joined predictions out again", 'samesplit forget my-study --name "My model"'),),
    "clean": (
        ("what would be removed, and how much it is", "samesplit clean --dry-run"),
        ("remove it", "samesplit clean"),
    ),
    "report": (
        ("write report.html of the latest run again", "samesplit report my-study"),
        ("and as PDF", "samesplit report my-study --pdf"),
        ("two runs side by side", "samesplit report my-study reports/my-study/0f3a8c21d4"),
    ),
    "push": (
        ("write the latest run to mlflow.db", "samesplit push my-study"),
        ("write it to a tracking server", "samesplit push my-study --to http://127.0.0.1:5000"),
    ),
    "board": (
        ("rank all submissions in benchmarks/my-study/submissions", "samesplit board my-study"),
        ("from another folder, to another", "samesplit board my-study --submissions sent --output site"),
        ("which are new, stale or refused, and nothing written", "samesplit board my-study --check"),
        (
            "what submitters need, without labels of tested lesions",
            "samesplit board my-study --hand-out public",
        ),
    ),
    "submit": (
        ("check a submission before it is sent", "samesplit submit my-study submission.csv"),
        (
            "make one of predictions made anywhere",
            'samesplit submit my-study predictions.csv --title "My model" --authors "A. Author; B. Author" '
            "--code https://example.org/my-model --training-data none --output submission.csv",
        ),
        (
            "our baseline on the board: a model of the latest run",
            'samesplit submit my-study --model radiomics-small --authors "A. Author" --code none '
            "--training-data none --output baseline.csv",
        ),
    ),
    "export": (
        (
            "a zip for Zenodo, without images",
            'samesplit export my-study -o my-study.zip --licence CC-BY-4.0 --creator "Ada Lovelace"',
        ),
        (
            "without a column that could name a patient",
            "samesplit export my-study --drop-column birth_date",
        ),
    ),
    "ui": (
        ("in the folder where the run was started", "samesplit ui"),
        ("another workspace, on another port", "samesplit ui my-study --port 5001"),
    ),
    "readers": (
        ("readings and truth, no images", "samesplit readers readings.csv --truth truth.csv --out study"),
        (
            "a model that must not be worse than the readers by 0.05 or more",
            "samesplit readers readings.csv --truth truth.csv --predictions model.csv --margin 0.05 --out study",
        ),
        (
            "one table with columns of its own names",
            "samesplit readers all.csv --truth all.csv --reader-column rad --truth-column cancer --out study",
        ),
    ),
    "studies": (
        ("the published studies, and every benchmark that has been run here", "samesplit studies"),
        ("beside one run", "samesplit studies my-study"),
    ),
    "audit": (
        ("every leak, on the first radiomics grid", "samesplit audit my-study"),
        (
            "two leaks, quickly",
            "samesplit audit my-study --leaks selection-on-all-data,scaling-on-all-data --shuffles 5",
        ),
        ("on a cluster", "samesplit audit my-study --scheduler tcp://10.0.0.1:8786"),
    ),
    "reproduce": (
        ("which printed numbers of a published study hold", "samesplit reproduce xi2020-renal-mri"),
        (
            "a paper of one's own choice: a folder with published.csv",
            "samesplit reproduce papers/my-paper --all",
        ),
    ),
    "learning-curve": (
        (
            "radiomics against a network, at halves of the training part",
            "samesplit learning-curve my-study --model ridge --model resnet10-3d-field",
        ),
        (
            "at sizes of your own, five draws of subsets",
            "samesplit learning-curve my-study -m ridge -m resnet10-3d-field --sizes 75,150,300 --repeats 5",
        ),
    ),
    "plan": (
        ("a reader study from a pilot", "samesplit plan readers --pilot r.csv --truth t.csv --effect 0.05"),
        ("a model of 12 parameters", "samesplit plan model --parameters 12 --prevalence 0.3 --auc 0.8"),
    ),
    "plan readers": (
        (
            "aided against unaided, from the readings of a pilot study",
            "samesplit plan readers --pilot readings.csv --truth truth.csv --effect 0.05 "
            "--readers 5,8 --cases 100,200",
        ),
        (
            "a model not inferior to readers, from a pilot study",
            "samesplit plan readers --pilot readings.csv --truth truth.csv --predictions model.csv --effect 0 "
            "--margin 0.05",
        ),
        (
            "from published components, with the page",
            "samesplit plan readers --components modality_reader=0.0002,error=0.0008,cov1=0.00035,cov2=0.00034,"
            "cov3=0.00024,cases=114 --effect 0.05 --out plan",
        ),
    ),
    "plan model": (
        (
            "a logistic model",
            "samesplit plan model --parameters 12 --prevalence 0.3 --auc 0.8",
        ),
        (
            "a Cox model",
            "samesplit plan model --outcome survival --parameters 25 --rate 0.065 "
            "--follow-up 2.07 --time 2 --r2 0.051",
        ),
    ),
    "plan validation": (
        ("from AUC and prevalence alone", "samesplit plan validation --prevalence 0.3 --auc 0.8"),
        (
            "with the net benefit at a threshold, from predictions for such patients",
            "samesplit plan validation --prevalence 0.3 --auc 0.8 --predictions model.csv --threshold 0.2",
        ),
    ),
    "plan comparison": (
        (
            "two models on the same patients",
            "samesplit plan comparison --auc 0.80 --other 0.85 --prevalence 0.3 --correlation 0.6",
        ),
        (
            "the second not inferior",
            "samesplit plan comparison --auc 0.85 --other 0.85 --prevalence 0.3 --margin 0.05",
        ),
    ),
    "extract": (
        ("one image and its mask", "samesplit extract image.nii.gz mask.nii.gz --profile ct-default"),
        (
            "a table of images on 4 processes",
            "samesplit extract images.csv --profile mr-default --output features.csv --jobs 4",
        ),
        (
            "a folder, by the names of its files",
            'samesplit extract data --image-pattern "{case}/t2.nii.gz" --mask-pattern "{case}/mask*.nii.gz" '
            "-p mr-default -o features.csv",
        ),
        (
            "a contour of an RTSTRUCT",
            'samesplit extract dicom/ct "dicom/rt.dcm::GTV-1" -p ct-default -o gtv.parquet',
        ),
    ),
    "perturb": (
        ("which features are robust to perturbation", "samesplit perturb my-study"),
        (
            "masks only, five times",
            "samesplit perturb my-study --perturbations contour,volume --repetitions 5",
        ),
        ("one profile and sequence", "samesplit perturb my-study --profile mr-default --sequence T1C"),
    ),
    "ibsi": (
        ("the digital phantom, which needs no data", "samesplit ibsi"),
        ("all reference values, written beside ours", "samesplit ibsi --data ct_phantom --output values.csv"),
        ("the image filters of IBSI-2: response maps and values", "samesplit ibsi --standard 2 --data ibsi"),
    ),
    "features": (("what a profile produces", "samesplit features list --profile mr-default"),),
    "features list": (
        ("all features of IBSI-1", "samesplit features list"),
        (
            "what a profile produces, as CSV",
            "samesplit features list --profile mr-default --csv features.csv",
        ),
        ("one family", "samesplit features list --family glcm"),
    ),
    "engines": (("the same lesions through several engines", "samesplit engines compare my-study"),),
    "engines compare": (
        ("the engines that are installed", "samesplit engines compare my-study"),
        (
            "two of them on 20 lesions, at the images' own voxel size",
            "samesplit engines compare my-study --engines ibsi,pyradiomics --lesions 20 --spacing 0",
        ),
        (
            "slice by slice and in the volume, every way that IBSI-1 names",
            "samesplit engines compare my-study --engines ibsi,mirp --aggregation all",
        ),
    ),
    "models": (("selectors and classifiers with their keys", "samesplit models list"),),
    "models list": (
        ("selectors and classifiers with their keys", "samesplit models list"),
        ("the page on all of them and their settings", "samesplit models list --markdown models.md"),
    ),
    "import": (
        ("KiTS23 as its script downloads it", "samesplit import kits kits23/dataset --out my-kits"),
        ("a file of MedMNIST", "samesplit import medmnist nodulemnist3d.npz"),
    ),
    "import kits": (
        ("a lesion a patient", "samesplit import kits kits23/dataset --out my-kits"),
        (
            "each tumour and each cyst",
            "samesplit import kits kits23/dataset --lesions tumour --cysts --out masses",
        ),
    ),
    "import medmnist": (
        ("classes known by the file's name", "samesplit import medmnist nodulemnist3d.npz"),
        ("classes named", "samesplit import medmnist my.npz --classes benign,malignant --cube-mm 50"),
    ),
    "import nnunet": (
        (
            "tumours in kidneys, in nnU-Net's own folds",
            "samesplit import nnunet nnUNet_raw/Dataset220_KiTS --label tumor --organ --splits splits_final.json",
        ),
    ),
    "nnunet": (
        ("hand a benchmark to nnU-Net", "samesplit nnunet export my-study nnUNet_raw/Dataset501_Kidney"),
    ),
    "nnunet export": (
        (
            "all sequences as channels, and the frozen split",
            "samesplit nnunet export my-study nnUNet_raw/Dataset501_Kidney",
        ),
        (
            "one CT phase, normalised as CT",
            "samesplit nnunet export my-study nnUNet_raw/Dataset501_Kidney --sequence A --ct A",
        ),
    ),
    "nnunet import": (
        (
            "the validation masks of all folds",
            "samesplit nnunet import my-study "
            "nnUNet_results/Dataset501_Kidney/nnUNetTrainer__nnUNetPlans__3d_fullres --name nnU-Net",
        ),
    ),
}
"""What each example does, and the line to type, by the words of the command; empty: the program itself."""


def epilog(words: str) -> str:
    """Return the examples of a command as the end of its help; empty where there are none.

    Example:
        >>> print(epilog("push").replace(chr(8), "|"))
        |
        Examples:
          # write the latest run to mlflow.db
          samesplit push my-study
          # write it to a tracking server
          samesplit push my-study --to http://127.0.0.1:5000
    """
    lines = [line for what, typed in EXAMPLES.get(words, ()) for line in (f"# {what}" if what else "", typed)]
    # The first character keeps the lines as they are: without it they would be filled to a paragraph.
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines if line)]) if lines else ""
