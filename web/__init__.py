"""The HTTP side: receives RingCentral's notifications and answers people. Knows no RingCentral credential."""
