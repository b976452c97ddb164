"""The data doctor: what is wrong with a folder of images, found before a network sees it."""
