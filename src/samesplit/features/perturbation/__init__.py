"""Perturbed cases, as another rater, scan or day might have given them, for the robustness of features."""
