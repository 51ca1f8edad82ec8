"""Feature maps: intensity and texture features of the neighbourhood of each voxel of a lesion.

The value at a voxel is the feature of the part of the lesion that lies within a box around it. Intensities are
discretised once, over the whole lesion. One file is one family; each goes along the rows of voxels and lets its
neighbourhood slide, so that work is done for the voxels that enter and leave, or once for each voxel in sight.
"""
