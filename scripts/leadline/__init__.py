"""leadline: sea-ice class and freeboard every 2 m from ICESat-2 ATL03 photons and Sentinel-2 scenes."""

__version__ = "0.1.0"
