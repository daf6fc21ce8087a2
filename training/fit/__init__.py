"""How each training mode fits the stages of a model: an encoder and a head per stage."""
