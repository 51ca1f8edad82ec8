"""How much AUC each known leak adds: the radiomics model again, done honestly and with one mistake at a time.

What needs test labels while something is fitted or chosen belongs here and nowhere else; models never see them.
"""
