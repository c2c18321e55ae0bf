/*!40101 SET NAMES utf8mb4 */;
CREATE TABLE `accounts` (
  `code` varchar(40) NOT NULL, -- what invoices say
  `parent` varchar(40) CHECK (parent <> '') REFERENCES accounts,
  `name` text,
  PRIMARY KEY (`code`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
DELIMITER $$
CREATE TRIGGER t BEFORE INSERT ON accounts FOR EACH ROW BEGIN SET NEW.name = 'a;b'; END$$
DELIMITER ;
