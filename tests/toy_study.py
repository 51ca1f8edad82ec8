"""A tiny published study, written into a folder: what every shipped design holds, with nothing to spare."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "study.yaml": """\
title: "Toy 2020: renal masses on CT"
citation: Toy A, Toy B. Masses. Journal 2020
doi: 10.1000/toy
year: 2020
question: Which masses are malignant?
tasks: [benign or malignant]
modality: CT
lesions: 40
readers: 2 radiologists, one binary call each
validation: random 70/30 by patient
validation_type: internal
headline:
  - {label: Radiomics, task: malignant_vs_benign, cohort_split: test, model_or_reader: Radiomics, metric: ROC_AUC}
versions:
  - {element: Trials, printed: 100, coded: 60, here: 1, where: "models: ridge"}
flaws:
  - {code: no-intervals, what: The AUC has no interval., evidence: by text}
not_available: ["Table S1: not available"]
""",
    "benchmark.yaml": """\
title: Toy masses
task: {question: "Which masses are malignant?", positive: malignant, negative: benign}
cohort:
  sequences: [CT]
  clinical: {age: number, size_mm: number, sex: category}
split: {scheme: holdout, test: 0.3, validation: 0.2, seed: 1}
profiles: {ct-default: [CT]}
models: [zero-rule, clinical-logistic, radiomics-quick]
simple_arm: null
statistics: {reference: radiomics-quick, bootstraps: 200}
readings: readings.csv
""",
    "variants/five-fold.yaml": """\
title: Toy masses, five folds
split: {scheme: kfold, folds: 5, test: null, validation: null}
synthetic:
  reduced: {split: {folds: 3}}
""",
    "synthetic.yaml": """\
reduced:
  models: [zero-rule, clinical-logistic]
  readings: null
  profiles: null
  statistics: {reference: clinical-logistic}
  data:
    folder: synthetic-toy-reduced
    synthetic: {kind: renal-ct-crops, seed: 3, n_lesions: 30}
full:
  data:
    folder: synthetic-toy-full
    synthetic: {kind: renal-ct-crops, seed: 3, n_lesions: 80}
""",
    "columns.csv": """\
table,column,required,kind,unit,values,meaning
lesions,lesion_id,yes,text,,,One name for each lesion
lesions,patient_id,yes,text,,,The patient it belongs to
lesions,label,yes,category,,benign|malignant,By histology
lesions,age,yes,number,years,,Age at imaging
lesions,size_mm,yes,number,mm,,Largest diameter in any plane
lesions,sex,yes,category,,F|M,As recorded
lesions,site,no,text,,,Hospital
images,lesion_id,yes,text,,,The lesion
images,sequence,yes,category,,CT,Earliest phase after contrast
images,rater,no,text,,,Who drew the mask
images,image,yes,path,,,The image
images,mask,yes,path,,,The mask on the grid of the image
images,mask_label,no,number,,,The value of the lesion in the mask
readings,reader_id,yes,text,,,The reader
readings,lesion_id,yes,text,,,The lesion
readings,modality,yes,category,,unaided|aided,With or without the model
readings,decision,yes,category,,benign|malignant,The call
readings,score,no,number,,,Confidence
readings,seconds,no,number,s,,Reading time
""",
    "example/lesions.csv": """\
lesion_id,patient_id,label,site,age,size_mm,sex
L1,P1,benign,A,61,24,F
L2,P2,malignant,B,55,41,M
""",
    "example/images.csv": """\
lesion_id,sequence,rater,image,mask,mask_label
L1,CT,R1,L1/ct.nii.gz,L1/ct_mask.nii.gz,1
L2,CT,R1,L2/ct.nii.gz,L2/ct_mask.nii.gz,1
""",
    "example/readings.csv": """\
reader_id,lesion_id,modality,decision,score,seconds
E1,L1,unaided,benign,,
E1,L2,unaided,malignant,,
""",
    "published.csv": """\
study,table_figure,task,cohort_split,n,n_pos,n_neg,model_or_reader,metric,value,ci_low,ci_high,p_value,comparator,note
Toy 2020,Table 2,malignant_vs_benign,test,12,7,5,Radiomics,ROC_AUC,0.71,,,,,
Toy 2020,Table 2,malignant_vs_benign,test,12,7,5,Expert 1,Accuracy,0.67,0.39,0.87,,,
""",
}


def write_toy_study(folder: Path) -> Path:
    """Write the study into a folder of a workspace; its name is the folder's."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
