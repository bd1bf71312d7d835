"""Numbers that every family of models needs: Newton, quadrature, sandwich, separation."""
