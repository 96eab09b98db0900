"""The RingCentral REST client: everything this project asks of RingCentral is asked here."""
