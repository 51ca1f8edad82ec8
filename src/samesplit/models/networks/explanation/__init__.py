"""What a fitted network looks at (Grad-CAM) and how it arranges the lesions (t-SNE of its last layer but one)."""
