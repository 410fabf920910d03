r"""123\SmartBMS: ASCII records over two Bluetooth modules, or a 58-byte frame over a UART bridge."""
