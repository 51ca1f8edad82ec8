"""The evaluation of a task with two classes: AUC, operating points, calibration, readers."""
