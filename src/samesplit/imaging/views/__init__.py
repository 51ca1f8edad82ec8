"""Views of a lesion: the slices or the cube that a network or an encoder sees, cut from an image and a mask."""
