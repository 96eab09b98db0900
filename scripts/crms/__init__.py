"""CRMs in a box: receivers that behave well and badly, and a trial of the deliver stage against them."""
