"""JBD (Jiabaida, LLT Power, Overkill Solar, Xiaoxiang): battery-management systems over the "DD … 77" protocol."""
