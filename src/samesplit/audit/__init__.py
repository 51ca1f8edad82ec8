"""What leaks would have bought: the radiomics arm again, honestly and under each known mistake."""
