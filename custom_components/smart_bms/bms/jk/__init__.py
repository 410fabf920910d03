"""JK (Jikong): active balancers and battery-management systems over the "55 AA EB 90" protocol."""
